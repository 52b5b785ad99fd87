export type { ByteSink, ByteSource } from './byte-streams.js';
export { type Ending, endingOf, exitCodeOf } from './ending.js';
export { FrameSource } from './frame-source.js';
export { faultFrame, helloFrame, receiveInit } from './handshake.js';
export { type HealthProbe, type Pulse, startHeartbeat } from './heartbeat.js';
export { Inbox } from './inbox.js';
export { Outbox, type OutboxBounds } from './outbox.js';
export { Session } from './session.js';
export type { SessionConfig } from './session-config.js';
