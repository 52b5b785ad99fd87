/** The monitor was asked for what it cannot do: a fault of the caller. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
  readonly kind = 'monitoring';
  readonly code: 'already_monitored' | 'closed';

  constructor(code: MonitorError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
