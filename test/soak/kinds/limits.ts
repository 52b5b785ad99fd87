import { type Kind, sh, taskKind } from '../kind.js';

const MIB = 1_048_576;

/** Tasks that exceed a limit: each limit once. */
export const limitKinds: readonly Kind[] = [
  taskKind('its time', 2, sh('trap "" TERM; sleep 60', { limits: { timeoutMs: 200 } }), { status: 'timeout' }),
  taskKind('its CPU time', 1, sh('while :; do :; done', { limits: { cpuTimeMs: 150 } }), {
    status: 'cpuLimitExceeded',
  }),
  taskKind('its memory', 1, sh('head -c 100000000 /dev/zero | tail', { limits: { memoryBytes: 32 * MIB } }), {
    status: 'memoryLimitExceeded',
  }),
  taskKind(
    'its processes',
    1,
    sh('for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; wait', { limits: { processes: 5 } }),
    { status: 'processLimitExceeded' },
  ),
  taskKind('its output', 2, { command: 'yes', limits: { outputBytes: 300_000 } }, { status: 'outputLimitExceeded' }),
  taskKind('the size of a file', 1, sh('exec head -c 4000000 /dev/zero > f', { limits: { fileSizeBytes: MIB } }), {
    status: 'resourceLimitExceeded',
  }),
  taskKind(
    'its workspace',
    1,
    sh('for i in 1 2 3 4 5 6; do head -c 500000 /dev/zero > $i; done; sleep 9', { limits: { workspaceBytes: MIB } }),
    { status: 'resourceLimitExceeded' },
  ),
  taskKind('its descriptors', 1, sh('exec 3<. 4<. 5<. 6<. 7<. 8<. 9<.', { limits: { openFiles: 6 } }), {
    status: 'failure',
  }),
];
