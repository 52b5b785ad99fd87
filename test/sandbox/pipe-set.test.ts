import { execFileSync } from 'node:child_process';
import { existsSync, fstatSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openInputPipe, openOutputPipe } from '../../src/sandbox/pipe.js';
import { PipeSet } from '../../src/sandbox/pipe-set.js';
import { without } from '../support/requirements.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';

const folder = useTemporaryFolder();
const isOpen = (descriptor: number) => {
  try {
    return fstatSync(descriptor).isFIFO();
  } catch {
    return false;
  }
};

function fifo(name: string): string {
  const path = join(folder(), name);
  execFileSync('mkfifo', ['-m', '600', path]);
  return path;
}

describe.skipIf(without('mkfifo'))('the pipes of a command', () => {
  it('carry bytes, and show their end when the ends of the command are closed', async () => {
    const pipes = new PipeSet(null);
    const out = pipes.open(openOutputPipe, fifo('out'));
    pipes.open(openInputPipe, fifo('in'));
    expect(pipes.childEnds.length).toBe(2);
    expect(pipes.childEnds[0]).toBe(out.childEnd);
    writeSync(out.childEnd.fd, 'told');
    pipes.closeChildEnds();
    pipes.closeChildEnds();
    expect(await text(out.stream)).toBe('told');
    pipes.release();
  });

  it('leave no end and no name when they are let go of, however often', () => {
    const pipes = new PipeSet(null);
    const paths = [fifo('out'), fifo('in')];
    const out = pipes.open(openOutputPipe, paths[0]!);
    const input = pipes.open(openInputPipe, paths[1]!);
    const { childEnds } = pipes;
    expect(childEnds.every(({ fd }) => isOpen(fd))).toBe(true);
    pipes.release();
    pipes.release();
    expect(childEnds.some(({ fd }) => isOpen(fd))).toBe(false);
    expect([out.stream.destroyed, input.stream.destroyed]).toEqual([true, true]);
    expect(paths.some((path) => existsSync(path))).toBe(false);
  });

  it('leave none of those before open where one cannot be opened, and tell why', () => {
    const pipes = new PipeSet(null);
    pipes.open(openOutputPipe, fifo('out'));
    const { childEnds } = pipes;
    const failing = () => pipes.open(openOutputPipe, join(folder(), 'none'));
    expect(failing).toThrow(expect.objectContaining({ kind: 'sandbox', code: 'pipes_unavailable' }));
    expect(failing).toThrow(/ENOENT/);
    pipes.release();
    expect(childEnds.some(({ fd }) => isOpen(fd))).toBe(false);
  });

  it('do not end this process where nobody reads what is written', async () => {
    const pipes = new PipeSet(null);
    const { stream } = pipes.open(openInputPipe, fifo('in'));
    pipes.closeChildEnds();
    stream.write('nobody');
    await new Promise((resolve) => stream.once('close', resolve));
    pipes.release();
  });

  it.skipIf(process.getuid?.() !== 0)('belong to the user of the command, who may open them by name', () => {
    const pipes = new PipeSet({ uid: 65_534, gid: 65_533 });
    const { childEnd } = pipes.open(openInputPipe, fifo('in'));
    expect(fstatSync(childEnd.fd)).toMatchObject({ uid: 65_534, gid: 65_533 });
    pipes.release();
  });
});
