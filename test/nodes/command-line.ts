import { parseArgs } from 'node:util';

/** What `npm run test:nodes` was asked for. */
export interface NodesCommand {
  /** Major versions. */
  readonly nodes: readonly number[];
  /** Only tests whose paths contain one of these; all where there is none. */
  readonly filters: readonly string[];
}

/** The versions that have to run the project. */
const SUPPORTED = [20, 22, 24, 26];

export const USAGE = 'npm run test:nodes -- [--node MAJOR]... [PATH]...';

/** @throws TypeError naming the option and what it takes */
export function parseNodesCommand(args: readonly string[]): NodesCommand {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { node: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  const nodes = values.node?.map((text) => {
    if (!/^[1-9]\d*$/.test(text)) throw new TypeError(`--node takes a major version such as 22, got ${text}`);
    return Number(text);
  });
  return { nodes: nodes ?? SUPPORTED, filters: positionals };
}
