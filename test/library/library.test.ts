import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as client from '../../clients/node/index.js';
import * as protocol from '../../protocol/index.js';
import * as sidecar from '../../src/index.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Entry {
  readonly types: string;
  readonly default: string;
}

const entries: Record<string, Entry | string> = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports;

describe('what the package exports', () => {
  it.each([
    ['.', client],
    ['./client', client],
    ['./protocol', protocol],
    ['./sidecar', sidecar],
  ])('is, at %s, what its source does, with its types', async (name, source) => {
    const entry = entries[name] as Entry;
    const built = await import(pathToFileURL(join(root, entry.default)).href);
    expect(Object.keys(built).sort()).toEqual(Object.keys(source).sort());
    expect(existsSync(join(root, entry.types))).toBe(true);
  });

  it('starts the sidecar of the package, from wherever it is imported', () => {
    const program = `
      import { Sidecar } from ${JSON.stringify(pathToFileURL(join(root, (entries['.'] as Entry).default)).href)};
      const sidecar = await Sidecar.spawn();
      console.log((await sidecar.run('echo', ['hello'])).stdout.trim());
      await sidecar.close();`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: '/', encoding: 'utf8' });
    expect(said).toBe('hello\n');
  });

  it('is one module for all entries: a fault of the protocol is the same class everywhere', async () => {
    const program = `
      import { ProtocolFault, FrameReader } from 'exec-sidecar/protocol';
      import * as client from 'exec-sidecar/client';
      import { Sidecar } from 'exec-sidecar';
      console.log(client.Sidecar === Sidecar);
      try { [...new FrameReader().push(Uint8Array.of(0, 0, 0, 0))] } catch (e) { console.log(e instanceof ProtocolFault) }`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(said).toBe('true\ntrue\n');
  });
});
