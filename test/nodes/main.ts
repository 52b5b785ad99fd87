import { resolve } from 'node:path';
import { isStrict } from '../support/strict.js';
import { type NodesCommand, parseNodesCommand, USAGE } from './command-line.js';
import { installNode } from './installed-node.js';
import { runSuite } from './suite.js';
import { formatTable, type Row } from './table.js';

/** npm runs scripts in the folder of the package. Each Node takes some 200 MB. */
const CACHE = resolve('node_modules/.cache/exec-sidecar/nodes');

const command = parse();
if (command !== undefined) await run(command);

function parse(): NodesCommand | undefined {
  try {
    return parseNodesCommand(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exitCode = 64;
    return undefined;
  }
}

/** Fails also where not one Node was to be had. */
async function run({ nodes, filters }: NodesCommand): Promise<void> {
  const rows: Row[] = [];
  for (const major of nodes) rows.push(await testWith(major, filters));
  process.stdout.write(`\n${formatTable(rows)}`);
  process.exitCode = rows.every(isGood) && rows.some(({ version }) => version !== null) ? 0 : 1;
}

async function testWith(major: number, filters: readonly string[]): Promise<Row> {
  const node = await installNode(major, CACHE).catch((error: Error) => error);
  if (node instanceof Error) return { major, version: null, outcome: { unavailable: node.message } };
  const { version, folder } = node;
  console.log(`\n── Node ${version} ──`);
  return { major, version, outcome: await runSuite(folder, filters) };
}

function isGood({ outcome }: Row): boolean {
  return 'unavailable' in outcome ? !isStrict : outcome.ok;
}
