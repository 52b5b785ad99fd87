import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadCorpus } from './corpus.js';
import { decodeMutants } from './decode-mutants.js';
import { fuzzSidecars } from './fuzz.js';
import { FuzzFailure } from './fuzz-failure.js';
import { growthOf, type MemoryGrowth } from './memory-growth.js';

// A fault is what most mutants are for: taking a stack trace of each would cost more than all the rest.
Error.stackTraceLimit = 0;

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    session: { type: 'string' },
    parallel: { type: 'string', default: '2' },
  },
});
const frames = Number(values.frames);
const seed = Number(values.seed);
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Tasks run without isolation, which is quicker: the only command is `true`. Few results are kept, so that memory settles soon. */
const SIDECAR = [
  process.execPath,
  path('../../exec-sidecar.js'),
  'serve',
  '--sandbox',
  'process',
  '--result-cache-size',
  '100',
];

/** Each session costs a process, so most of its frames must not end it. */
const AVERAGE_FRAMES = 2_000;

/** What may be held in memory at the end beyond what was held near the beginning, in bytes. */
const MAX_GROWTH_BYTES = 32 * 1_048_576;

try {
  const corpus = loadCorpus(path('../../../protocol/vectors'));
  const session = values.session === undefined ? undefined : Number(values.session);
  if (session === undefined) {
    const decoding = decodeMutants(corpus, seed, frames);
    print(`decoded ${decoding.frames} mutants in this process`, decoding.verdicts, growthOf(decoding.memory));
  }
  const started = performance.now();
  const report = await fuzzSidecars({
    corpus,
    seed,
    frames,
    session,
    averageFrames: AVERAGE_FRAMES,
    command: SIDECAR,
    parallel: Number(values.parallel),
  });
  const seconds = Math.round((performance.now() - started) / 1_000);
  print(`sent ${report.frames} frames to ${report.sessions} sidecars in ${seconds} s`, report.endings, report.memory);
} catch (error) {
  console.error(`seed ${seed}: ${(error as Error).message}`);
  if (error instanceof FuzzFailure) {
    console.error(`its input ended with: ${error.hex}`);
    console.error(`again: npm run fuzz -- --frames ${frames} --seed ${seed} [--session N]`);
  }
  process.exitCode = 1;
}

function print(what: string, counts: Readonly<Record<string, number>>, memory: MemoryGrowth): void {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const mebibytes = (bytes: number) => (bytes / 1_048_576).toFixed(1);
  console.log(`${what}: ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  console.log(
    `  memory: ${mebibytes(memory.before)} MiB after a fifth, ${mebibytes(memory.after)} MiB at the end, slope ${Math.round(memory.slope)} bytes a sample (${memory.samples})`,
  );
  if (memory.after - memory.before > MAX_GROWTH_BYTES)
    throw new Error(`memory has grown by ${mebibytes(memory.after - memory.before)} MiB`);
}
