import { spawn } from 'node:child_process';
import { encodeFrame, FrameReader, type RawFrame } from '../../../protocol/index.js';

/** A sidecar that does one thing wrong: the real one, whose frames are changed on their way. */
const [defect = '', ...command] = process.argv.slice(2);

const ACCEPTED = { executionId: 'e', position: 0 };
const PONG: RawFrame = { type: 'pong', id: 1, body: {} };

/** What becomes of each frame of the real sidecar. */
const defects: Readonly<Record<string, (frame: RawFrame) => readonly RawFrame[]>> = {
  none: (frame) => [frame],
  silent: () => [],
  'wrong magic': (frame) => changed(frame, 'hello', { magic: 'another-program' }),
  'a result twice': (frame) => (frame.type === 'result' ? [frame, frame] : [frame]),
  'no accepted': (frame) => (frame.type === 'accepted' ? [] : [frame]),
  'started before accepted': (frame) => {
    if (frame.type === 'accepted') return [];
    return frame.type === 'started' ? [frame, { ...frame, type: 'accepted', body: ACCEPTED }] : [frame];
  },
  'a missing field': (frame) => changed(frame, 'result', { usage: undefined }),
  'a gap in the output': (frame) => changed(frame, 'output', { offset: Number(frame.body.offset) + 1 }),
  'another code': (frame) => changed(frame, 'protocolError', { code: 'invalid_frame' }),
  'a pong of its own': (frame) => changed(frame, 'pong', { still: 'not here' }),
  'an unknown type': (frame) => [{ type: 'progress', id: 0, body: {} }, frame],
  'a frame behind the last': (frame) => (frame.type === 'protocolError' ? [frame, PONG] : [frame]),
  'another exit code': (frame) => [frame],
  text: (frame) => [frame],
};

const change = defects[defect];
if (change === undefined) throw new RangeError(`no defect is called ${defect}`);
const child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'inherit'] });
const reader = new FrameReader();
process.stdin.pipe(child.stdin);
child.stdin.on('error', () => undefined);
child.stdout.on('data', (chunk: Uint8Array) => {
  for (const raw of reader.push(chunk)) for (const frame of change(raw)) process.stdout.write(encodeFrame(frame));
  if (defect === 'text') process.stdout.write('debug: a frame was sent\n');
});
child.once('close', (code) => {
  process.stdout.end(() => process.exit(defect === 'another exit code' ? 1 : (code ?? 1)));
});

function changed(frame: RawFrame, type: string, fields: object): readonly RawFrame[] {
  return [frame.type === type ? { ...frame, body: { ...frame.body, ...fields } } : frame];
}
