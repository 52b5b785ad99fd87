/** One line of a BPF program: an instruction, or the label of the one that follows. */
export type BpfLine = BpfInstruction | { readonly label: string };

/**
 * The classic BPF instructions that a system-call filter needs.
 *
 * - `load`: A = the 32-bit word at `offset` of `struct seccomp_data`.
 * - `jumpIfEqual`, `jumpIfGreater` (unsigned), `jumpIfAnySet`: compares A with `value`, goes to `target` or on.
 * - `jump`: goes to `target`.
 * - `return`: ends the filter with the action `value`.
 */
export type BpfInstruction =
  | { readonly op: 'load'; readonly offset: number }
  | { readonly op: 'jumpIfEqual' | 'jumpIfGreater' | 'jumpIfAnySet'; readonly value: number; readonly target: string }
  | { readonly op: 'jump'; readonly target: string }
  | { readonly op: 'return'; readonly value: number };

/** Bytes of one `struct sock_filter`. */
export const BPF_INSTRUCTION_BYTES = 8;

/** The longest program that the kernel takes, in instructions. */
export const BPF_MAX_INSTRUCTIONS = 4_096;

/** A program that cannot be assembled: a fault of whoever wrote it, never of the machine. */
export class BpfAssemblyError extends Error {
  override readonly name = 'BpfAssemblyError';
  readonly code = 'bpf_assembly';
}

/**
 * Assembles a program into the bytes of an array of `struct sock_filter`, little-endian.
 * @throws BpfAssemblyError for a label that is missing, doubled or behind the jump, for a conditional jump over more
 * than 255 instructions, for a program that is empty, too long or can run off its end
 */
export function assembleBpf(lines: readonly BpfLine[]): Uint8Array {
  const { instructions, labels } = layOut(lines);
  const program = new Uint8Array(instructions.length * BPF_INSTRUCTION_BYTES);
  const view = new DataView(program.buffer);
  for (const [index, instruction] of instructions.entries()) {
    const { code, jumpTrue, k } = encode(instruction, index, labels);
    const at = index * BPF_INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, jumpTrue);
    view.setUint8(at + 3, 0);
    view.setUint32(at + 4, k, true);
  }
  return program;
}

/** First pass: the instructions without the labels, and where each label points. */
function layOut(lines: readonly BpfLine[]): { instructions: BpfInstruction[]; labels: Map<string, number> } {
  const instructions: BpfInstruction[] = [];
  const labels = new Map<string, number>();
  for (const line of lines) {
    if ('op' in line) {
      instructions.push(line);
      continue;
    }
    if (labels.has(line.label)) throw new BpfAssemblyError(`label '${line.label}' is there twice`);
    labels.set(line.label, instructions.length);
  }
  if (instructions.length > BPF_MAX_INSTRUCTIONS) {
    throw new BpfAssemblyError(`${instructions.length} instructions exceed the kernel's ${BPF_MAX_INSTRUCTIONS}`);
  }
  const last = instructions.at(-1);
  if (last?.op !== 'return') throw new BpfAssemblyError(`the last instruction must be a return, not ${last?.op}`);
  return { instructions, labels };
}

const BPF_LD_W_ABS = 0x20;
const BPF_JMP_JA = 0x05;
const BPF_JMP_JEQ_K = 0x15;
const BPF_JMP_JGT_K = 0x25;
const BPF_JMP_JSET_K = 0x45;
const BPF_RET_K = 0x06;

const CONDITIONAL_CODES = {
  jumpIfEqual: BPF_JMP_JEQ_K,
  jumpIfGreater: BPF_JMP_JGT_K,
  jumpIfAnySet: BPF_JMP_JSET_K,
} as const;

/** Second pass: one instruction with its label resolved. */
function encode(
  instruction: BpfInstruction,
  index: number,
  labels: ReadonlyMap<string, number>,
): { code: number; jumpTrue: number; k: number } {
  switch (instruction.op) {
    case 'load':
      return { code: BPF_LD_W_ABS, jumpTrue: 0, k: instruction.offset };
    case 'return':
      return { code: BPF_RET_K, jumpTrue: 0, k: instruction.value };
    case 'jump':
      return { code: BPF_JMP_JA, jumpTrue: 0, k: distance(instruction.target, index, labels) };
    default: {
      const jumpTrue = distance(instruction.target, index, labels);
      if (jumpTrue > 0xff) {
        throw new BpfAssemblyError(
          `the jump to '${instruction.target}' goes over ${jumpTrue} instructions; a conditional jump reaches 255`,
        );
      }
      return { code: CONDITIONAL_CODES[instruction.op], jumpTrue, k: instruction.value };
    }
  }
}

/** How many instructions lie between the one at `index` and its target. */
function distance(target: string, index: number, labels: ReadonlyMap<string, number>): number {
  const at = labels.get(target);
  if (at === undefined) throw new BpfAssemblyError(`label '${target}' is missing`);
  if (at <= index) throw new BpfAssemblyError(`label '${target}' lies behind its jump; BPF jumps only forward`);
  return at - index - 1;
}
