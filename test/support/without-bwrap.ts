import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXECUTABLE } from '../end-to-end/support/executable.js';

/** Writes a script that starts the sidecar where bwrap cannot be found: where there is one, it covers itself up. */
export function withoutBwrap(directory: string): string {
  const path = join(directory, 'start.sh');
  const script = `#!/bin/sh
bwrap=$(command -v bwrap) || exec '${process.execPath}' '${EXECUTABLE}' "$@"
exec "$bwrap" --dev-bind / / --bind /dev/null "$bwrap" '${process.execPath}' '${EXECUTABLE}' "$@"
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}
