import { writeFile } from 'node:fs/promises';
import { type BenchCommand, parseBenchCommand, USAGE } from './command-line.js';
import { lines } from './lines/index.js';
import { measure } from './measure.js';
import { type BenchReport, type LineReport, newReport, reportLine } from './report.js';
import { formatTable } from './table.js';

const aborter = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => aborter.abort(new Error(`interrupted by ${signal}`)));
}

const command = parse();
if (command?.list) for (const { name, what } of lines) console.log(`${name.padEnd(20)} ${what}`);
else if (command !== undefined) await run(command);

function parse(): BenchCommand | undefined {
  try {
    return parseBenchCommand(process.argv.slice(2), lines);
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exitCode = 64;
    return undefined;
  }
}

async function run({ chosen, json, quick, strict }: BenchCommand): Promise<void> {
  const report = newReport(quick);
  const reports: LineReport[] = [];
  for (const line of chosen) {
    if (aborter.signal.aborted) break;
    console.error(`measuring ${line.name}: ${line.what}`);
    try {
      reports.push(reportLine(line, await measure(line, { quick, signal: aborter.signal })));
    } catch (error) {
      // The others can be measured all the same.
      console.error((error as Error).message);
      process.exitCode = 1;
    }
  }
  if (reports.length > 0) print({ ...report, lines: reports });
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ ...report, lines: reports }, null, 1)}\n`);
  const isMissed = reports.some(({ comparisons }) => comparisons.some(({ verdict }) => verdict === 'missed'));
  if (strict && isMissed) process.exitCode = 1;
}

function print({ date, node, machine, quick, lines: reports }: BenchReport): void {
  const { platform, kernel, processor, cores } = machine;
  console.log(`${date}, Node ${node}, ${platform} ${kernel}, ${cores} cores of ${processor}`);
  if (quick) console.log('a quick run, whose figures say nothing');
  console.log(`\n${formatTable(reports.flatMap(({ comparisons }) => comparisons))}`);
  for (const { name, notMeasured } of reports) {
    for (const [contestant, reason] of Object.entries(notMeasured)) {
      console.log(`${name}: ${contestant} was not measured: ${reason}`);
    }
  }
}
