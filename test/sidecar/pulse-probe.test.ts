import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { healthSchema, heartbeatSchema } from '../../protocol/index.js';
import { PulseProbe } from '../../src/sidecar/pulse-probe.js';
import { openExecutor, shell, start } from '../executor/support/executors.js';

describe('the pulse', () => {
  it('tells what runs and what waits', async () => {
    await using test = await openExecutor({ maxConcurrentTasks: 1 });
    using probe = new PulseProbe(test.executor);
    await start(test.executor, shell('sleep 60'));
    await start(test.executor, shell('sleep 60'));
    const pulse = probe.pulse();
    expect(heartbeatSchema.safeParse({ seq: 1, ...pulse }).error).toBeUndefined();
    expect(pulse).toMatchObject({ active: 1, queued: 1 });
  });

  it('goes with how the process is', async () => {
    await using test = await openExecutor();
    using probe = new PulseProbe(test.executor);
    const health = probe.health();
    expect(healthSchema.safeParse(health).error).toBeUndefined();
    expect(health.shuttingDown).toBe(false);
    expect(health.memoryBytes).toBeGreaterThan(1_000_000);
    expect(health.heapBytes).toBeGreaterThan(1_000_000);
    expect(health.externalBytes).toBeGreaterThan(0);
    test.executor.refuseFurther('end');
    expect(probe.health().shuttingDown).toBe(true);
  });

  it('counts what keeps the event loop going, by type', async () => {
    await using test = await openExecutor();
    using probe = new PulseProbe(test.executor);
    const sockets = () => probe.health().activeResources?.UDPWrap;
    expect(sockets()).toBeUndefined();
    const open = [createSocket('udp4').bind(0, '127.0.0.1'), createSocket('udp4').bind(0, '127.0.0.1')];
    await Promise.all(open.map((socket) => once(socket, 'listening')));
    expect(sockets()).toBe(2);
    for (const socket of open) socket.close();
  });
});
