import { expect } from 'vitest';
import type { ProtocolErrorBody } from '../../../protocol/index.js';
import type { RawHost } from '../../support/raw-host.js';

/** Waits for the end of a sidecar, and gives its one protocolError, which has to be its last frame. */
export async function lastWord(
  host: RawHost,
  { code, named }: { readonly code: ProtocolErrorBody['code']; readonly named: string },
  exitCode = 65,
): Promise<ProtocolErrorBody> {
  expect(await host.exit).toEqual({ code: exitCode, signal: null });
  const faults = host.frames.flatMap((each) => (each.type === 'protocolError' ? [each.body] : []));
  expect(faults.map((fault) => fault.code)).toEqual([code]);
  expect(host.frames.at(-1)?.type).toBe('protocolError');
  expect(faults[0]!.message).toContain(named);
  expect(host.frames.filter(({ type }) => type === 'bye')).toEqual([]);
  return faults[0]!;
}
