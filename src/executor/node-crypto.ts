/** Node's cryptography. It is loaded for the first task, since no start needs it. */
export function nodeCrypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto');
}
