/** A result as one line of JSON, with the number of the line that it answers. Bytes that are UTF-8 become text. */
export function resultLine(line: number, result: object): string {
  return `${JSON.stringify({ line, ...result }, textForBytes)}\n`;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text where the bytes are UTF-8, else `{"base64": "…"}`. */
function textForBytes(this: unknown, _key: string, value: unknown): unknown {
  if (!isSerialisedBuffer(value) && !(value instanceof Uint8Array)) return value;
  const bytes = value instanceof Uint8Array ? value : Uint8Array.from(value.data);
  try {
    return decoder.decode(bytes);
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

/** What a Buffer has become before a replacer sees it. */
function isSerialisedBuffer(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value;
}
