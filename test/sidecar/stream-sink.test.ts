import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { streamSink } from '../../src/sidecar/index.js';
import { numbered, openFifo, readWhatIsThere } from '../support/fifo.js';
import { isPending } from '../support/gate.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

/** A stream whose reader takes nothing before it is told to. */
function slowStream(): { stream: Writable; take: () => void; taken: Uint8Array[] } {
  const taken: Uint8Array[] = [];
  let done: (() => void) | undefined;
  const stream = new Writable({
    highWaterMark: 10,
    write(chunk, _encoding, callback) {
      taken.push(chunk);
      done = callback;
    },
  });
  const take = () => {
    const callback = done;
    done = undefined;
    callback?.();
  };
  return { stream, take, taken };
}

const folder = useTemporaryFolder();

describe.skipIf(without('mkfifo'))('a sink that writes to the descriptor of its stream', () => {
  it('keeps every byte and its order, whether the pipe takes all at once, a part or nothing', async () => {
    const { reader, writer } = openFifo(folder());
    const stream = new Socket({ fd: writer, readable: false, writable: true });
    const sink = streamSink(stream, writer);
    const [sent, read]: [Uint8Array[], Uint8Array[]] = [[], []];
    const written: number[] = [];
    const rooms = new Set<boolean>();
    for (let time = 0; time < 200; time += 1) {
      const chunks = [numbered(14, time), numbered((time * 997) % 30_000, time), numbered(14, time)];
      sent.push(...chunks);
      rooms.add(sink.write(chunks, () => written.push(time)));
      if (time % 3 === 0) read.push(readWhatIsThere(reader));
      if (time % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    let isFlushed = false;
    const flushed = sink.flushed().then(() => {
      isFlushed = true;
    });
    while (!isFlushed) {
      read.push(readWhatIsThere(reader));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await flushed;
    read.push(readWhatIsThere(reader));
    expect(Buffer.concat(read).equals(Buffer.concat(sent))).toBe(true);
    expect(written).toEqual(Array.from({ length: 200 }, (_, time) => time));
    expect(rooms).toEqual(new Set([true, false]));
    closeSync(reader);
    stream.destroy();
  });

  it('keeps of lent bytes what finds no room, and takes none while others wait', async () => {
    const { reader, writer } = openFifo(folder());
    const stream = new Socket({ fd: writer, readable: false, writable: true });
    const sink = streamSink(stream, writer);
    const [sent, read]: [Uint8Array[], Uint8Array[]] = [[], []];
    const kept: number[] = [];
    const answers = new Set<boolean | undefined>();
    let [begun, written] = [0, 0];
    for (let time = 0; time < 200; time += 1) {
      const lent = numbered(20_000, time);
      const keep = (rest: Uint8Array) => {
        kept.push(rest.byteLength);
        return rest.slice();
      };
      const answer = sink.writeLent(lent, keep, () => {
        written += 1;
      });
      answers.add(answer);
      if (answer !== undefined) {
        begun += 1;
        sent.push(lent.slice());
      }
      lent.fill(0xff);
      if (time % 5 === 0) read.push(readWhatIsThere(reader));
      await new Promise((resolve) => setImmediate(resolve));
    }
    read.push(readWhatIsThere(reader));
    await sink.flushed();
    read.push(readWhatIsThere(reader));
    expect(Buffer.concat(read).equals(Buffer.concat(sent))).toBe(true);
    expect(answers).toContain(true);
    expect(answers).toContain(undefined);
    expect([written, kept.length > 0]).toEqual([begun, true]);
    closeSync(reader);
    stream.destroy();
  });

  it('is gone when the reader is', async () => {
    const { reader, writer } = openFifo(folder());
    const sink = streamSink(new Socket({ fd: writer, readable: false, writable: true }), writer);
    closeSync(reader);
    sink.write([numbered(14)]);
    await sink.flushed();
    expect(sink.gone.aborted).toBe(true);
  });
});

describe('a stream as a sink', () => {
  it('takes bytes in order and says when it has room for more', async () => {
    const { stream, take, taken } = slowStream();
    const sink = streamSink(stream);
    expect(sink.write([Buffer.from('ab'), Buffer.from('cd')])).toBe(true);
    expect(sink.write([Buffer.alloc(20, 'x')])).toBe(false);
    const drained = sink.drained();
    expect(await isPending(drained)).toBe(true);
    for (let at = 0; at < 3; at += 1) {
      take();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await drained;
    expect(Buffer.concat(taken).toString()).toBe(`abcd${'x'.repeat(20)}`);
  });

  it('says that a write has left the process when the last of it has', async () => {
    const { stream, take } = slowStream();
    let written = false;
    streamSink(stream).write([Buffer.from('ab'), Buffer.from('cd')], () => {
      written = true;
    });
    for (const expected of [false, true]) {
      take();
      await new Promise((resolve) => setImmediate(resolve));
      expect(written).toBe(expected);
    }
  });

  it('is drained at once where it has room', async () => {
    const sink = streamSink(new PassThrough());
    sink.write([Buffer.from('x')]);
    await sink.drained();
  });

  it('takes no lent bytes where it cannot write at once', () => {
    const sink = streamSink(new PassThrough());
    expect(sink.writeLent(numbered(1), (rest) => rest)).toBeUndefined();
  });

  it('is flushed when everything before has been taken', async () => {
    const { stream, take } = slowStream();
    const sink = streamSink(stream);
    sink.write([Buffer.from('x')]);
    const flushed = sink.flushed();
    expect(await isPending(flushed)).toBe(true);
    take();
    await new Promise((resolve) => setImmediate(resolve));
    take();
    await flushed;
  });

  it('is gone when the reader is, and then waits for nothing and fails at nothing', async () => {
    const child = spawn('/bin/sh', ['-c', 'exec 0<&-; sleep 60'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const sink = streamSink(child.stdin);
    const big = Buffer.alloc(1_000_000);
    while (!sink.gone.aborted) {
      sink.write([big]);
      await Promise.race([sink.drained(), new Promise((resolve) => setTimeout(resolve, 20))]);
    }
    expect(sink.write([big])).toBe(true);
    await sink.drained();
    await sink.flushed();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('ends every wait when it is gone', async () => {
    const { stream } = slowStream();
    const sink = streamSink(stream);
    sink.write([Buffer.alloc(20)]);
    const waits = [sink.drained(), sink.flushed()];
    expect(await isPending(Promise.all(waits))).toBe(true);
    stream.destroy();
    await Promise.all(waits);
    expect(sink.gone.aborted).toBe(true);
  });

  it('leaves no listener behind by waiting', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    const sink = streamSink(stream);
    stream.resume();
    for (let at = 0; at < 50; at += 1) {
      sink.write([Buffer.alloc(10)]);
      await sink.drained();
    }
    expect(stream.listenerCount('drain')).toBeLessThan(3);
    expect(stream.listenerCount('close')).toBeLessThan(3);
    expect(getEventListeners(sink.gone, 'abort').length).toBeLessThan(3);
  });
});
