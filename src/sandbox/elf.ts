/** What matters of an ELF file for whether it can be run. */
export interface ElfHeader {
  /** `e_machine`. */
  readonly machine: number;
  /** The dynamic loader that it asks for; null where it is linked statically or the loader is not named early on. */
  readonly interpreter: string | null;
}

const MAGIC = '\x7fELF';
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const PT_INTERP = 3;

export function isElf(head: Buffer): boolean {
  return head.toString('latin1', 0, 4) === MAGIC;
}

/** Parses the beginning of an ELF file; null where it is cut off or of another byte order than this machine's. */
export function parseElf(head: Buffer): ElfHeader | null {
  if (head.length < 64 || head[5] !== LITTLE_ENDIAN) return null;
  return { machine: head.readUInt16LE(18), interpreter: head[4] === CLASS_64 ? interpreterOf(head) : null };
}

function interpreterOf(head: Buffer): string | null {
  const tableOffset = Number(head.readBigUInt64LE(32));
  const entrySize = head.readUInt16LE(54);
  const entries = head.readUInt16LE(56);
  for (let index = 0; index < entries; index++) {
    const at = tableOffset + index * entrySize;
    if (at + 40 > head.length) return null;
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const offset = Number(head.readBigUInt64LE(at + 8));
    const size = Number(head.readBigUInt64LE(at + 32));
    return offset + size > head.length ? null : head.toString('latin1', offset, offset + size - 1);
  }
  return null;
}

/** The values of `e_machine` that the processor runs, 32-bit programs of its family included. */
const RUNNABLE_MACHINES: Partial<Record<NodeJS.Architecture, readonly number[]>> = {
  x64: [62, 3],
  ia32: [3],
  arm64: [183, 40],
  arm: [40],
  riscv64: [243],
  ppc64: [21, 20],
  loong64: [258],
};

/** Whether this machine runs programs for that one. True where it is not known. */
export function runsMachine(machine: number, architecture: NodeJS.Architecture = process.arch): boolean {
  return RUNNABLE_MACHINES[architecture]?.includes(machine) ?? true;
}
