/** Something that no input may bring about, and the input that did. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure';
  /** What was sent last, in hex. */
  readonly hex: string;

  constructor(reason: string, input: Uint8Array, options?: ErrorOptions) {
    super(reason, options);
    this.hex = Buffer.from(input).toString('hex');
  }
}
