import { fileURLToPath } from 'node:url';

/** The built program, which every test of this folder drives. */
export const EXECUTABLE = fileURLToPath(new URL('../../../dist/exec-sidecar.js', import.meta.url));
