// Lets V8 write down what it has compiled of the program once that has served a host: `npm run bundle`.
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';
import { Sidecar } from '../dist/clients/node/index.js';
import { codeCachePath, encodeCodeCache, loadProgram } from '../dist/src/load-program.js';

const PROGRAM = fileURLToPath(new URL('../dist/program.cjs', import.meta.url));
const PARTS = [PROGRAM, fileURLToPath(new URL('../dist/program.rest.cjs', import.meta.url))];

if (process.argv.includes('serve')) record();
else await build();

/** Runs a sidecar of this very file, which records itself. Without a cache the program starts more slowly, no more. */
async function build() {
  for (const path of PARTS) {
    rmSync(codeCachePath(path), { force: true });
    appendFileSync(path, `//# buildId=${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
  }
  try {
    const sidecar = await Sidecar.spawn({ executable: fileURLToPath(import.meta.url) });
    await sidecar.run('true').finally(() => sidecar.close());
  } catch (error) {
    console.warn(`the program has served no host, so it starts without a whole code cache: ${error.message}`);
  }
}

function record() {
  // V8 takes a cache only under the flags that it was made under, and the program is loaded before it sets any.
  v8.setFlagsFromString = () => {};
  const program = loadProgram(PROGRAM);
  process.once('exit', () => {
    for (const part of [program, ...program.parts]) recordPart(part);
  });
  program.run();
}

function recordPart({ path, buildId, script }) {
  const cache = codeCachePath(path);
  writeFileSync(`${cache}.new`, encodeCodeCache(buildId, script.createCachedData()), { mode: 0o644 });
  renameSync(`${cache}.new`, cache);
}
