/** What serves a host that has its `ready`: no start needs it, and to load it takes as long as all the rest. */
export { TaskExecutor } from '../executor/index.js';
export { FrameSource } from '../session/frame-source.js';
export { startHeartbeat } from '../session/heartbeat.js';
export { Inbox } from '../session/inbox.js';
export { Outbox } from '../session/outbox.js';
export { Session } from '../session/session.js';
export { tuneEngine } from './engine.js';
export { PulseProbe } from './pulse-probe.js';
