/** Takes structured log lines; a pino logger is one. What it throws never reaches whoever is tracked. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
