import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Contestant, NotMeasuredError } from '../line.js';

const run = promisify(execFile);

/** Spawns the command so many at once for so many ms, and prints how many a second have ended. */
const SOURCE = `
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
extern char **environ;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e3 + t.tv_nsec / 1e6; }
int main(int argc, char **argv) {
  if (argc < 4) return 64;
  int at_once = atoi(argv[1]), running = 0, status; long ended = 0; pid_t pid;
  double begun = now(), end = begun + atof(argv[2]);
  for (;;) {
    while (running < at_once && now() < end) { if (posix_spawn(&pid, argv[3], 0, 0, argv + 3, environ)) return 1; running++; }
    if (running == 0) break;
    if (wait(&status) < 0 || status != 0) return 1;
    running--; ended++;
  }
  printf("%f\\n", ended * 1e3 / (now() - begun));
  return 0;
}
`;

/** posix_spawn in a loop of C: what the machine could reach. It needs a C compiler. */
export function posixSpawn(atOnce: number, command: string): Contestant {
  return {
    name: 'posix_spawn in C',
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'exec-sidecar-bench-'));
      const dispose = () => rm(folder, { recursive: true, force: true });
      const program = join(folder, 'spawn-loop');
      try {
        await writeFile(`${program}.c`, SOURCE);
        await run('cc', ['-O2', '-o', program, `${program}.c`]);
      } catch (error) {
        await dispose();
        throw new NotMeasuredError(`there is no working C compiler: ${(error as Error).message.split('\n')[0]}`);
      }
      return {
        async round({ amount, signal }) {
          const { stdout } = await run(program, [`${atOnce}`, `${amount}`, command], { signal });
          return { rate: Number(stdout) };
        },
        [Symbol.asyncDispose]: dispose,
      };
    },
  };
}
