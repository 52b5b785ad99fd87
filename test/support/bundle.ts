import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A program that was built from its sources, in a directory of its own. Disposing of it removes the directory. */
export interface BuiltProgram {
  readonly path: string;
  readonly directory: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Builds a TypeScript program so that plain Node can run it. */
export async function bundle(entry: URL): Promise<BuiltProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'exec-sidecar-test-'));
  const path = join(directory, 'program.mjs');
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
    banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
  });
  return { path, directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}
