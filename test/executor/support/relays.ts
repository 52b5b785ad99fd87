import { Readable } from 'node:stream';
import type { LimitEvidence, LimitWarning } from '../../../protocol/index.js';
import { OutputRelay, type OutputRelayOptions } from '../../../src/executor/output-relay.js';
import type { OutputStreamName } from '../../../src/executor/task-listener.js';
import { QueueRegistry } from '../../../src/tracking/index.js';

export interface Delivered {
  readonly stream: OutputStreamName;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** A relay, and everything that it tells. By default it collects without limit. */
export function relayOf(options: Partial<OutputRelayOptions> = {}): {
  relay: OutputRelay;
  registry: QueueRegistry;
  warnings: LimitWarning[];
  delivered: Delivered[];
  limits: LimitEvidence[];
} {
  const registry = new QueueRegistry();
  const warnings: LimitWarning[] = [];
  const delivered: Delivered[] = [];
  const limits: LimitEvidence[] = [];
  const { limitBytes = 1_000_000, deliver } = options;
  registry.setLimitWarningHandler((warning) => warnings.push(warning));
  const relay = new OutputRelay({
    output: { mode: 'collect', onOverflow: 'kill' },
    retainBytes: 1_000_000,
    onLimit: (evidence) => limits.push(evidence),
    ...options,
    limitBytes,
    gauge: registry.register({ limit: 'outputBytes', capacity: limitBytes, scope: 'execution' }),
    deliver: (stream, offset, data) => {
      delivered.push({ stream, offset, data });
      return deliver?.(stream, offset, data);
    },
  });
  return { relay, registry, warnings, delivered, limits };
}

/** A stream that brings these chunks one by one and ends. */
export function streamOf(...chunks: readonly string[]): Readable {
  return Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
}
