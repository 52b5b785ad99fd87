/** The magic string in `hello`, by which a host knows that it talks to an exec-sidecar. */
export const MAGIC = 'exec-sidecar';

/** The wire protocol version that this package speaks. */
export const PROTOCOL_VERSION = 1;

/** Bytes of the big-endian length that precedes every frame. */
export const FRAME_HEADER_BYTES = 4;

/** The ceiling of `maxFrameBytes`: 2^24 − 1, so that a well-formed stream always begins with 0x00. */
export const MAX_FRAME_BYTES = 16_777_215;

/** The deepest nesting of arrays and maps in a frame; the frame itself is level 1. */
export const MAX_DEPTH = 16;

/**
 * The most elements of all arrays and maps of a frame together, a map counting two for each entry. An element of one
 * byte may take a hundred times that when decoded: without this bound a valid frame could take a gigabyte.
 */
export const MAX_ELEMENTS = 1_048_576;

/** The largest frame id (u32); id 0 is the connection. */
export const MAX_ID = 0xffff_ffff;

/** The largest `data` of one `output` frame, in bytes. */
export const MAX_OUTPUT_CHUNK_BYTES = 65_536;

/** `init` is due this many milliseconds after `hello`. */
export const INIT_TIMEOUT_MS = 10_000;

/** The most `query` and `ping` frames that may be unanswered at once. */
export const MAX_UNANSWERED_QUERIES = 64;

/** The longest `label` of a task, in UTF-16 code units: it comes back in the result. */
export const MAX_LABEL_CHARACTERS = 1_024;

/** How many bytes of stray text a `protocolError` quotes. */
export const STRAY_TEXT_BYTES = 64;

/** Default window sizes of a session, in bytes. */
export const DEFAULT_OUTPUT_WINDOW_BYTES = 262_144;
export const DEFAULT_STDIN_WINDOW_BYTES = 262_144;
export const DEFAULT_TASK_WINDOW_BYTES = 67_108_864;

/** Exit codes of the sidecar. */
export const EXIT_CODES = {
  clean: 0,
  usage: 64,
  protocolFault: 65,
  internal: 70,
  configuration: 78,
  terminated: 143,
} as const;
