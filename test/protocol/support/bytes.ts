/** The bytes that hex digits stand for; spaces are for the reader. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A payload with its header in front. */
export function framed(payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.byteLength);
  return concat(header, payload);
}

/** The payload of the frame `["x-a", 1, {"v": <value>}]`, the value given in hex. */
export function payloadOf(valueHex: string): Uint8Array {
  return fromHex(`93 a3782d61 01 81 a176 ${valueHex}`);
}
