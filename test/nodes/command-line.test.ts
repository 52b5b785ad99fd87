import { expect, it } from 'vitest';
import { parseNodesCommand } from './command-line.js';

it('without arguments every supported Node runs every test', () => {
  expect(parseNodesCommand([])).toEqual({ nodes: [20, 22, 24, 26], filters: [] });
});

it('takes versions, and parts of the paths of tests', () => {
  const args = ['--node', '22', 'test/clients', '--node', '26', 'test/session'];
  expect(parseNodesCommand(args)).toEqual({ nodes: [22, 26], filters: ['test/clients', 'test/session'] });
});

it.each(['v22', '22.1', '0', '', 'lts'])('refuses the version %j and says what it takes', (text) => {
  expect(() => parseNodesCommand([`--node=${text}`])).toThrow(`--node takes a major version such as 22, got ${text}`);
});

it('refuses an option that there is none', () => {
  expect(() => parseNodesCommand(['--nodes', '22'])).toThrow("Unknown option '--nodes'");
});
