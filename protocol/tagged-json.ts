/**
 * A decoded frame as JSON: bytes become `{"$bytes": "<lower-case hex>"}`, and a map key that could be taken for that
 * tag (`$bytes`, `$$bytes`, …) gets one more `$`. Fields that are `undefined` are left out. `fromTaggedJson` reverses
 * it for everything that a frame can hold, except numbers that JSON has no form for (NaN and the infinities).
 */
export function toTaggedJson(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return { [TAG]: toHex(value) };
  }
  if (Array.isArray(value)) {
    return value.map(toTaggedJson);
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members.map(([key, member]) => [escapeKey(key), toTaggedJson(member)]));
  }
  return value;
}

/**
 * The value that `toTaggedJson` was given.
 *
 * @throws TypeError where a `$bytes` tag does not hold an even number of hex digits, or does not stand alone
 */
export function fromTaggedJson(json: unknown): unknown {
  if (Array.isArray(json)) {
    return json.map(fromTaggedJson);
  }
  if (typeof json !== 'object' || json === null) {
    return json;
  }
  if (Object.hasOwn(json, TAG)) {
    return fromTag(json);
  }
  return Object.fromEntries(Object.entries(json).map(([key, member]) => [unescapeKey(key), fromTaggedJson(member)]));
}

const TAG = '$bytes';

function escapeKey(key: string): string {
  return /^\$+bytes$/.test(key) ? `$${key}` : key;
}

function unescapeKey(key: string): string {
  return /^\$\$+bytes$/.test(key) ? key.slice(1) : key;
}

function fromTag(tag: object): Uint8Array {
  const [hex, ...others] = Object.values(tag);
  if (others.length > 0 || typeof hex !== 'string' || !/^(?:[0-9a-f]{2})*$/i.test(hex)) {
    throw new TypeError(`${TAG} must stand alone and hold an even number of hex digits, got ${JSON.stringify(tag)}`);
  }
  return fromHex(hex);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}
