import type { Program } from '../support/program.js';
import { argumentPrograms } from './arguments.js';
import { collectPrograms } from './collect.js';
import { cpuPrograms } from './cpu.js';
import { diskPrograms } from './disk.js';
import { kernelPrograms } from './kernel.js';
import { memoryPrograms } from './memory.js';
import { networkPrograms } from './network.js';
import { outputPrograms } from './output.js';
import { processPrograms } from './processes.js';
import { secretPrograms } from './secrets.js';

/** Every hostile program, by theme. */
export const programs: Readonly<Record<string, readonly Program[]>> = {
  processes: processPrograms,
  memory: memoryPrograms,
  cpu: cpuPrograms,
  output: outputPrograms,
  disk: diskPrograms,
  collect: collectPrograms,
  secrets: secretPrograms,
  network: networkPrograms,
  kernel: kernelPrograms,
  arguments: argumentPrograms,
};
