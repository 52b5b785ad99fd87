import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXECUTABLE } from '../end-to-end/support/executable.js';

/**
 * Writes a script that starts the sidecar where a program of the system cannot be found: where there is one, bwrap covers
 * it up, be it bwrap itself.
 */
export function withoutProgram(name: string, directory: string): string {
  const path = join(directory, `without-${name}.sh`);
  const script = `#!/bin/sh
program=$(command -v ${name}) || exec '${process.execPath}' '${EXECUTABLE}' "$@"
exec bwrap --dev-bind / / --bind /dev/null "$(readlink -f "$program")" '${process.execPath}' '${EXECUTABLE}' "$@"
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}
