import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkSidecar } from './check-sidecar.js';
import { type CheckRequest, parseRequest, type Request, type ServeRequest, USAGE } from './command-line.js';
import { reportText } from './report.js';
import { serveClient } from './serve-client.js';
import { loadTranscript } from './transcript.js';

/** This program lies next to the sidecar of the package. */
const FOLDER = fileURLToPath(new URL('../../../protocol/transcripts', import.meta.url));
const SIDECAR = [process.execPath, fileURLToPath(new URL('../../exec-sidecar.js', import.meta.url)), 'serve'];

/** Exit codes: 0 where all have passed, 1 where one has not, 64 where the runner was not understood. */
const exitCode = await run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`conformance: ${(error as Error).message}\n${USAGE}`);
  return 64;
});
process.exit(exitCode);

async function run(args: readonly string[]): Promise<number> {
  const request: Request = parseRequest(args);
  return request.does === 'check' ? check(request) : serve(request);
}

async function check({ command, transcripts, only, json, patience, parallel }: CheckRequest): Promise<number> {
  const report = await checkSidecar({
    command: command.length === 0 ? SIDECAR : command,
    folder: transcripts ?? FOLDER,
    only,
    patience,
    parallel,
  });
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(reportText(report));
  return report.failed === 0 ? 0 : 1;
}

async function serve({ transcript, json, patience }: ServeRequest): Promise<number> {
  const path = existsSync(transcript) ? transcript : join(FOLDER, `${transcript}.jsonl`);
  const { passed } = await serveClient(loadTranscript(path), { json, patience });
  return passed ? 0 : 1;
}
