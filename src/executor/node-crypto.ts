type NodeCrypto = typeof import('node:crypto');

let loaded: NodeCrypto | null = null;

/** Node's cryptography. It is loaded for the first task, since no start needs it. */
export function nodeCrypto(): NodeCrypto {
  loaded ??= process.getBuiltinModule('node:crypto');
  return loaded;
}
