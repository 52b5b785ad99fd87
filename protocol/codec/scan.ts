import { MAX_DEPTH, MAX_ELEMENTS } from '../constants.js';
import { ProtocolFault } from '../faults.js';
import { type Format, type FormatKind, formats } from './formats.js';
import { findInvalidUtf8 } from './utf8.js';

/** Told of every string that is a value and not a map key: its UTF-8 bytes are [start, end) of the payload. */
export type TextVisitor = (start: number, end: number) => void;

/**
 * Proves in one linear pass that `payload` is exactly one msgpack value of the kind that wire protocol 1 allows, so
 * that decoding it cannot fail and allocates no more than its bytes justify. Allocates nothing by a declared size.
 *
 * @throws ProtocolFault
 * - `too_deep`: arrays and maps are nested deeper than MAX_DEPTH
 * - `too_many_elements`: an array or map declares more elements (a map: two for each entry) than bytes remain, or all
 *   of them together more than MAX_ELEMENTS
 * - `invalid_utf8`: a string is not well-formed UTF-8
 * - `decode_failed`: the value is cut short or followed by more bytes, a str or bin declares more bytes than remain,
 *   an ext type or the reserved byte 0xc1 occurs, an integer lies beyond ±(2^53 − 1), or a map key is not a string
 *   or is `__proto__`
 */
export function scanFrame(payload: Uint8Array, onText?: TextVisitor): void {
  new Scanner(payload, onText).run();
}

class Scanner {
  readonly #payload: Uint8Array;
  readonly #view: DataView;
  readonly #onText: TextVisitor | undefined;
  #position = 0;
  /** The elements that have been declared so far. */
  #elements = 0;
  /** For each open container, outermost first: the elements still to come, and whether it is a map. */
  readonly #elementsLeft: number[] = [];
  readonly #isMap: boolean[] = [];

  constructor(payload: Uint8Array, onText: TextVisitor | undefined) {
    this.#payload = payload;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#onText = onText;
  }

  run(): void {
    do {
      this.#scanHead();
      this.#closeContainers();
    } while (this.#elementsLeft.length > 0);
    const left = this.#remaining();
    if (left > 0) {
      throw new ProtocolFault(
        'decode_failed',
        `the value ends at offset ${this.#position} of the payload and ${left} bytes follow`,
      );
    }
  }

  #scanHead(): void {
    const head = this.#payload[this.#position];
    if (head === undefined) {
      throw new ProtocolFault('decode_failed', `the payload ends at offset ${this.#position}, inside the value`);
    }
    const format = formats[head]!;
    const isKey = this.#takeElement();
    if (isKey && format.kind !== 'text') {
      throw new ProtocolFault('decode_failed', `the map key at offset ${this.#position} is not a string`);
    }
    this.#position += 1;
    const length = this.#readLength(format);
    switch (format.kind) {
      case 'array':
        this.#open(length, false);
        break;
      case 'map':
        this.#open(2 * length, true);
        break;
      case 'text':
        this.#scanText(this.#take(length, 'text'), isKey);
        break;
      case 'uint64':
      case 'int64':
        this.#scanInteger(this.#take(length, format.kind), format.kind);
        break;
      case 'extension':
      case 'reserved':
        throw new ProtocolFault(
          'decode_failed',
          `${kindNames[format.kind]} (0x${head.toString(16)}) is not part of wire protocol 1`,
        );
      default:
        this.#take(length, format.kind);
    }
  }

  /** Counts the value at hand as an element of the innermost container; true where it stands at the place of a map key. */
  #takeElement(): boolean {
    const innermost = this.#elementsLeft.length - 1;
    if (innermost < 0) {
      return false;
    }
    const left = this.#elementsLeft[innermost]!;
    this.#elementsLeft[innermost] = left - 1;
    return this.#isMap[innermost]! && left % 2 === 0;
  }

  #readLength(format: Format): number {
    if (format.lengthBytes === 0) {
      return format.length;
    }
    const at = this.#take(format.lengthBytes, format.kind);
    if (format.lengthBytes === 1) return this.#view.getUint8(at);
    return format.lengthBytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** Moves past `length` bytes and returns where they begin. */
  #take(length: number, kind: FormatKind): number {
    const start = this.#position;
    if (length > this.#remaining()) {
      throw new ProtocolFault(
        'decode_failed',
        `${kindNames[kind]} needs ${length} more bytes at offset ${start} of the payload, but ${this.#remaining()} remain`,
      );
    }
    this.#position += length;
    return start;
  }

  #open(elements: number, isMap: boolean): void {
    const depth = this.#elementsLeft.length + 1;
    if (depth > MAX_DEPTH) {
      throw new ProtocolFault('too_deep', `arrays and maps are nested deeper than the maximum of ${MAX_DEPTH} levels`, {
        maxDepth: MAX_DEPTH,
      });
    }
    if (elements > this.#remaining()) {
      throw new ProtocolFault(
        'too_many_elements',
        `${kindNames[isMap ? 'map' : 'array']} declares ${elements} elements at offset ${this.#position} of the payload, ` +
          `but only ${this.#remaining()} bytes remain`,
        { elements, bytesLeft: this.#remaining() },
      );
    }
    this.#elements += elements;
    if (this.#elements > MAX_ELEMENTS) {
      const message = `the arrays and maps of the frame declare more than the maximum of ${MAX_ELEMENTS} elements`;
      throw new ProtocolFault('too_many_elements', message, { maxElements: MAX_ELEMENTS });
    }
    this.#elementsLeft.push(elements);
    this.#isMap.push(isMap);
  }

  #closeContainers(): void {
    while (this.#elementsLeft.at(-1) === 0) {
      this.#elementsLeft.pop();
      this.#isMap.pop();
    }
  }

  #scanText(start: number, isKey: boolean): void {
    const end = this.#position;
    const invalid = findInvalidUtf8(this.#payload, start, end);
    if (invalid !== -1) {
      throw new ProtocolFault('invalid_utf8', `a string is not valid UTF-8 at offset ${invalid} of the payload`, {
        offset: invalid,
      });
    }
    if (!isKey) {
      this.#onText?.(start, end);
    } else if (isProto(this.#payload, start, end)) {
      throw new ProtocolFault('decode_failed', 'the map key __proto__ is not allowed');
    }
  }

  #scanInteger(start: number, kind: 'uint64' | 'int64'): void {
    const high = kind === 'uint64' ? this.#view.getUint32(start) : this.#view.getInt32(start);
    const value = high * 0x1_0000_0000 + this.#view.getUint32(start + 4);
    if (!Number.isSafeInteger(value)) {
      throw new ProtocolFault('decode_failed', `the integer at offset ${start} of the payload lies beyond ±(2^53 - 1)`);
    }
  }

  #remaining(): number {
    return this.#payload.byteLength - this.#position;
  }
}

const kindNames: Record<FormatKind, string> = {
  scalar: 'a number',
  uint64: 'an integer',
  int64: 'an integer',
  text: 'a str',
  binary: 'a bin',
  array: 'an array',
  map: 'a map',
  extension: 'an ext type',
  reserved: 'the reserved byte',
};

const PROTO = Uint8Array.from('__proto__', (character) => character.charCodeAt(0));

function isProto(payload: Uint8Array, start: number, end: number): boolean {
  return end - start === PROTO.byteLength && PROTO.every((byte, index) => payload[start + index] === byte);
}
