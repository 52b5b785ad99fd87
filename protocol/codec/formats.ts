/** What a msgpack value is, as far as the scan has to tell values apart. */
export type FormatKind = 'scalar' | 'uint64' | 'int64' | 'text' | 'binary' | 'array' | 'map' | 'extension' | 'reserved';

/** What the head byte of a msgpack value announces. */
export interface Format {
  readonly kind: FormatKind;
  /** Bytes of the big-endian length that follows the head byte; 0 where the head byte itself gives the length. */
  readonly lengthBytes: 0 | 1 | 2 | 4;
  /** Where `lengthBytes` is 0: the bytes, array elements or map entries that follow. */
  readonly length: number;
}

const formatsC0toDF: readonly Format[] = [
  fixed('scalar', 0), // c0 nil
  fixed('reserved', 0), // c1
  fixed('scalar', 0), // c2 false
  fixed('scalar', 0), // c3 true
  counted('binary', 1), // c4 bin 8
  counted('binary', 2), // c5 bin 16
  counted('binary', 4), // c6 bin 32
  fixed('extension', 0), // c7 ext 8
  fixed('extension', 0), // c8 ext 16
  fixed('extension', 0), // c9 ext 32
  fixed('scalar', 4), // ca float 32
  fixed('scalar', 8), // cb float 64
  fixed('scalar', 1), // cc uint 8
  fixed('scalar', 2), // cd uint 16
  fixed('scalar', 4), // ce uint 32
  fixed('uint64', 8), // cf
  fixed('scalar', 1), // d0 int 8
  fixed('scalar', 2), // d1 int 16
  fixed('scalar', 4), // d2 int 32
  fixed('int64', 8), // d3
  fixed('extension', 0), // d4 fixext 1
  fixed('extension', 0), // d5 fixext 2
  fixed('extension', 0), // d6 fixext 4
  fixed('extension', 0), // d7 fixext 8
  fixed('extension', 0), // d8 fixext 16
  counted('text', 1), // d9 str 8
  counted('text', 2), // da str 16
  counted('text', 4), // db str 32
  counted('array', 2), // dc array 16
  counted('array', 4), // dd array 32
  counted('map', 2), // de map 16
  counted('map', 4), // df map 32
];

/** The format that each of the 256 head bytes announces. */
export const formats: readonly Format[] = Array.from({ length: 256 }, (_, head) => formatOf(head));

function formatOf(head: number): Format {
  if (head < 0x80 || head >= 0xe0) return fixed('scalar', 0);
  if (head < 0x90) return fixed('map', head - 0x80);
  if (head < 0xa0) return fixed('array', head - 0x90);
  if (head < 0xc0) return fixed('text', head - 0xa0);
  return formatsC0toDF[head - 0xc0]!;
}

function fixed(kind: FormatKind, length: number): Format {
  return { kind, lengthBytes: 0, length };
}

function counted(kind: FormatKind, lengthBytes: 1 | 2 | 4): Format {
  return { kind, lengthBytes, length: 0 };
}
