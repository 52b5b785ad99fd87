import { messageSender, readMessages } from '../peers/msgpack-frames.js';

const send = messageSender(process.stdout);
readMessages(process.stdin, ([, id]) => send(['pong', id, {}]));
