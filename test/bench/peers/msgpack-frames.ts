import type { Readable, Writable } from 'node:stream';
import { Decoder, Encoder } from '@msgpack/msgpack';

/** A message of the bare echo: what a ping of the sidecar holds, without any check. */
export type EchoMessage = [type: string, id: number, body: object];

const encoder = new Encoder();
const decoder = new Decoder();
const HEADER_BYTES = 4;

/** Writes messages as a length and a msgpack value, all of one tick at once. */
export function messageSender(output: Writable): (message: EchoMessage) => void {
  return (message) => {
    if (output.writableCorked === 0) {
      output.cork();
      process.nextTick(() => output.uncork());
    }
    const payload = encoder.encodeSharedRef(message);
    const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.byteLength);
    frame.writeUInt32BE(payload.byteLength);
    frame.set(payload, HEADER_BYTES);
    output.write(frame);
  };
}

/** Calls back with each message that comes. */
export function readMessages(input: Readable, onMessage: (message: EchoMessage) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  input.on('data', (chunk: Buffer) => {
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    let position = 0;
    while (bytes.byteLength - position >= HEADER_BYTES) {
      const end = position + HEADER_BYTES + bytes.readUInt32BE(position);
      if (end > bytes.byteLength) break;
      onMessage(decoder.decode(bytes.subarray(position + HEADER_BYTES, end)) as EchoMessage);
      position = end;
    }
    rest = bytes.subarray(position);
  });
}
