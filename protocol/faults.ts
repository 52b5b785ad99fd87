/** Every way in which a peer can break the protocol. */
export const PROTOCOL_ERROR_CODES = [
  'frame_empty',
  'frame_too_large',
  'frame_truncated',
  'decode_failed',
  'too_deep',
  'too_many_elements',
  'invalid_utf8',
  'invalid_frame',
  'unknown_type',
  'unexpected_frame',
  'invalid_body',
  'duplicate_id',
  'window_overrun',
  'init_timeout',
  'unsupported_protocol',
  'invalid_config',
] as const;
export type ProtocolErrorCode = (typeof PROTOCOL_ERROR_CODES)[number];

/** Thrown where a peer breaks the protocol. The connection cannot go on: the stream is no longer understood. */
export class ProtocolFault extends Error {
  override readonly name = 'ProtocolFault';
  readonly code: ProtocolErrorCode;
  readonly detail: Record<string, unknown> | undefined;

  constructor(code: ProtocolErrorCode, message: string, detail?: Record<string, unknown>, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}
