import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** A pipe between the sidecar and a command: `childEnd` is a descriptor to pass on and then to close. */
export interface Pipe<Stream> {
  readonly childEnd: number;
  readonly stream: Stream;
}

/**
 * Makes a pipe that a command writes to out of a FIFO, which is unlinked. Unlike the socket that Node would give it,
 * a command can open it again as /dev/stdout or /proc/self/fd/1. The child's end blocks, ours does not.
 */
export function openOutputPipe(fifo: string): Pipe<Readable> {
  const [ourEnd, childEnd] = openEnds(fifo, [O_RDONLY | O_NONBLOCK, O_WRONLY]);
  return { childEnd: childEnd!, stream: new Socket({ fd: ourEnd!, readable: true, writable: false }) };
}

/** Makes a pipe that a command reads from, in the same way. */
export function openInputPipe(fifo: string): Pipe<Writable> {
  const [reader, ourEnd, childEnd] = openEnds(fifo, [O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK, O_RDONLY]);
  closeSync(reader!);
  return { childEnd: childEnd!, stream: new Socket({ fd: ourEnd!, readable: false, writable: true }) };
}

/** Opens a FIFO several times, in an order in which none has to wait for the other end, and unlinks it. */
function openEnds(fifo: string, ends: readonly number[]): number[] {
  const descriptors: number[] = [];
  try {
    for (const flags of ends) descriptors.push(openSync(fifo, flags));
    return descriptors;
  } catch (error) {
    for (const descriptor of descriptors) closeSync(descriptor);
    throw error;
  } finally {
    unlinkSync(fifo);
  }
}
