import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { Sidecar } from '../../../clients/node/index.js';
import { StdinStream } from '../../../clients/node/stdin-stream.js';
import type { Stdin } from '../../../protocol/index.js';
import { useFakeSidecar } from '../../support/fake-sidecar/hooks.js';
import { resultBody } from '../../support/fake-sidecar/index.js';

describe('a stdin stream', () => {
  it('sends nothing before the task has been sent', () => {
    const { stdin, sent, open } = newStdin(100);
    stdin.writable.write('abc');
    expect(sent).toEqual([]);
    open();
    expect(texts(sent)).toEqual(['abc']);
  });

  it('never sends more than is allowed, and is done when all of it has been sent', () => {
    const { stdin, sent, open } = newStdin(4);
    let isDone = false;
    open();
    stdin.writable.write('abcdefghij', () => {
      isDone = true;
    });
    expect(texts(sent)).toEqual(['abcd']);
    stdin.allow(7);
    expect(texts(sent)).toEqual(['abcd', 'efg']);
    stdin.allow(5);
    expect(texts(sent)).toEqual(['abcd', 'efg']);
    expect(isDone).toBe(false);
    stdin.allow(100);
    expect(texts(sent)).toEqual(['abcd', 'efg', 'hij']);
  });

  it('cuts what it sends into chunks of at most 64 KiB', () => {
    const { stdin, sent, open } = newStdin(1_000_000);
    open();
    stdin.writable.write(Buffer.alloc(150_000));
    expect(sent.map(({ data }) => data?.byteLength)).toEqual([65_536, 65_536, 18_928]);
  });

  it('sends the end after everything else, once', async () => {
    const { stdin, sent, open } = newStdin(2);
    stdin.writable.end('abc');
    open();
    expect(sent).toHaveLength(1);
    stdin.allow(3);
    await once(stdin.writable, 'close');
    expect(sent.slice(1)).toEqual([{ data: Buffer.from('c') }, { end: true }]);
  });

  it('ends the stdin where it is when it is destroyed', async () => {
    const { stdin, sent, open } = newStdin(2);
    open();
    stdin.writable.write('abc');
    stdin.writable.destroy(new Error('source failed'));
    await once(stdin.writable, 'close').catch(() => {});
    stdin.allow(100);
    expect(sent).toEqual([{ data: Buffer.from('ab') }, { end: true }]);
  });

  it('asks its writer to wait while the window is shut', () => {
    const { stdin, open } = newStdin(10);
    open();
    const chunk = Buffer.alloc(stdin.writable.writableHighWaterMark + 11);
    expect(stdin.writable.write(chunk)).toBe(false);
    expect(stdin.writable.writableNeedDrain).toBe(true);
    const drained = once(stdin.writable, 'drain');
    stdin.allow(chunk.byteLength);
    return drained;
  });

  it('tells a writer that waits when the task is over, and sends nothing more', async () => {
    const { stdin, sent, open } = newStdin(1);
    open();
    const writing = pipeline(Readable.from([Buffer.alloc(10), Buffer.alloc(10)]), stdin.writable);
    await new Promise((resolve) => setImmediate(resolve));
    stdin.close();
    await expect(writing).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(sent).toEqual([{ data: Buffer.alloc(1) }]);
  });
});

describe('a write that waits when the task is over', () => {
  const waiting = () => {
    const { stdin, open } = newStdin(1);
    open();
    const written = ['abc', 'queued behind it'].map(
      (text) => new Promise<unknown>((resolve) => stdin.writable.write(text, resolve)),
    );
    return { stdin, written: Promise.all(written) };
  };

  it('fails as a write to a stream that was closed', async () => {
    const { stdin, written } = waiting();
    stdin.close();
    const failure = expect.objectContaining({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect(await written).toEqual([failure, failure]);
  });

  it('fails with the error of the task where there is one', async () => {
    const { stdin, written } = waiting();
    const error = new Error('the sidecar is gone');
    stdin.close(error);
    expect(await written).toEqual([error, error]);
  });
});

describe('the stdin of a task', () => {
  const script = useFakeSidecar();

  it('reaches the sidecar as its window allows', async () => {
    const stderr: string[] = [];
    await using sidecar = await Sidecar.spawn({
      ...script(
        { open: { ready: { window: { stdinBytes: 3 } } } },
        { report: true },
        { expect: 'submit', as: 'task' },
        { expect: 'stdin' },
        { send: 'window', id: 'task', body: { stdinBytes: 100 } },
        { expect: 'stdin' },
        { expect: 'stdin' },
        { send: 'result', id: 'task', body: resultBody() },
        { serve: {} },
      ),
      onStderr: (text) => stderr.push(text),
    });
    const task = sidecar.submit({ command: 'cat', stdin: { stream: true } });
    task.stdin.end('hello');
    expect(await task.result).toMatchObject({ status: 'success' });
    await sidecar.close();
    const frames = stderr
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(frames.filter(({ type }) => type === 'stdin').map(({ body }) => body)).toEqual([
      { data: { $bytes: '68656c' } },
      { data: { $bytes: '6c6f' } },
      { end: true },
    ]);
  });

  it('is destroyed, without an error of its own, when the task ends before it has read everything', async () => {
    await using sidecar = await Sidecar.spawn(
      script(
        { open: { ready: { window: { stdinBytes: 3 } } } },
        { expect: 'submit', as: 'task' },
        { expect: 'stdin' },
        { send: 'result', id: 'task', body: resultBody() },
        { serve: {} },
      ),
    );
    const task = sidecar.submit({ command: 'head', stdin: { stream: true } });
    await expect(pipeline(Readable.from(['hello', 'world']), task.stdin)).rejects.toMatchObject({
      code: 'ERR_STREAM_PREMATURE_CLOSE',
    });
    expect(await task.result).toMatchObject({ status: 'success' });
    expect(task.stdin.write('more')).toBe(false);
  });

  it('that the sidecar speaks of though the task has none costs it its session', async () => {
    const sidecar = await Sidecar.spawn(
      script({ open: {} }, { expect: 'submit', as: 'task' }, { send: 'window', id: 'task', body: { stdinBytes: 9 } }),
    );
    await expect(sidecar.run('cat')).rejects.toMatchObject({ code: 'sidecar_fault', protocolCode: 'unexpected_frame' });
  });
});

function newStdin(windowBytes: number): { stdin: StdinStream; sent: Stdin[]; open: () => void } {
  const sent: Stdin[] = [];
  const stdin = new StdinStream((body) => sent.push(body));
  return { stdin, sent, open: () => stdin.open(windowBytes) };
}

function texts(sent: readonly Stdin[]): (string | undefined)[] {
  return sent.map(({ data }) => data && Buffer.from(data).toString());
}
