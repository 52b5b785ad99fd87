/** A step of a transcript that could not be taken, or that is wrong in itself. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly line: number;

  constructor(transcript: string, line: number, reason: string) {
    super(`${transcript}.jsonl, line ${line}: ${reason}`);
    this.line = line;
  }
}
