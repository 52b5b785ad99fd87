export { adviseBubblewrap } from './advice.js';
export { BubblewrapBackend } from './backend.js';
