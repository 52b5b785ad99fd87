import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseSoakCommand, type SoakCommand, USAGE } from './command-line.js';
import { formatReport, judge } from './report.js';
import { type Sample, soak } from './soak.js';

const MIB = 1_048_576;
const MINUTE_MS = 60_000;

/** npm runs scripts in the folder of the package. */
const EXECUTABLE = resolve('dist/exec-sidecar.js');

const command = parse();
if (command !== undefined) await run(command);

function parse(): SoakCommand | undefined {
  try {
    return parseSoakCommand(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exitCode = 64;
    return undefined;
  }
}

async function run({ json, ...options }: SoakCommand): Promise<void> {
  console.log(`soaking for ${options.durationMs / MINUTE_MS} minutes, seed ${options.seed}`);
  const report = judge(await soak({ ...options, executable: EXECUTABLE, onSample: oncePerMinute() }));
  process.stdout.write(`\n${formatReport(report)}`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 1)}\n`);
  process.exitCode = report.faults.length === 0 ? 0 : 1;
}

/** Says every minute how far it is. */
function oncePerMinute(): (sample: Sample) => void {
  let next = 0;
  return ({ atMs, rssBytes, heapBytes, openFiles, gauges, cgroups }) => {
    if (atMs < next * MINUTE_MS) return;
    next += 1;
    const memory = `${Math.round(rssBytes / MIB)} MiB, of which ${Math.round(heapBytes / MIB)} MiB heap`;
    console.log(`minute ${next - 1}: ${memory}; ${openFiles} open files, ${gauges} gauges, ${cgroups} cgroups`);
  };
}
