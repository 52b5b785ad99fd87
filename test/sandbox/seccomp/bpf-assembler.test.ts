import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assembleBpf,
  BPF_MAX_INSTRUCTIONS,
  type BpfInstruction,
  type BpfLine,
} from '../../../src/sandbox/seccomp/bpf-assembler.js';
import { runBpf } from './bpf-interpreter.js';

const give = (value: number): BpfLine => ({ op: 'return', value });
const padding = (count: number): BpfLine[] => Array.from({ length: count }, () => ({ op: 'load', offset: 0 }) as const);

describe('assembleBpf', () => {
  it('lays instructions out as struct sock_filter in little-endian order', () => {
    const program = assembleBpf([
      { op: 'load', offset: 4 },
      { op: 'jumpIfEqual', value: 0xc000003e, target: 'end' },
      { op: 'return', value: 0x80000000 },
      { label: 'end' },
      { op: 'return', value: 0x7fff0000 },
    ]);
    expect(Buffer.from(program).toString('hex')).toBe(
      '2000000004000000' + '150001003e0000c0' + '0600000000000080' + '060000000000ff7f',
    );
  });

  it('reaches a label 255 instructions away and refuses one that is further', () => {
    const over = (count: number): BpfLine[] => [
      { op: 'jumpIfEqual', value: 0, target: 'far' },
      ...padding(count),
      { label: 'far' },
      give(7),
    ];
    expect(runBpf(assembleBpf(over(255)), { number: 1, architecture: 0 })).toBe(7);
    expect(() => assembleBpf(over(256))).toThrow("the jump to 'far' goes over 256 instructions");
  });

  it('jumps further than 255 instructions with an unconditional jump', () => {
    const program = assembleBpf([{ op: 'jump', target: 'far' }, ...padding(300), give(1), { label: 'far' }, give(2)]);
    expect(runBpf(program, { number: 0, architecture: 0 })).toBe(2);
  });

  it.each<[string, BpfLine[], string]>([
    ['a label that is missing', [{ op: 'jump', target: 'nowhere' }, give(0)], "label 'nowhere' is missing"],
    ['a label that is there twice', [{ label: 'a' }, { label: 'a' }, give(0)], "label 'a' is there twice"],
    ['a jump backwards', [{ label: 'a' }, { op: 'jump', target: 'a' }, give(0)], "label 'a' lies behind its jump"],
    ['a program that runs off its end', [{ op: 'load', offset: 0 }], 'the last instruction must be a return'],
    ['an empty program', [], 'the last instruction must be a return'],
    ['a program that is too long', [...padding(BPF_MAX_INSTRUCTIONS), give(0)], '4097 instructions exceed'],
  ])('refuses %s', (_what, lines, message) => {
    expect(() => assembleBpf(lines)).toThrow(expect.objectContaining({ code: 'bpf_assembly' }));
    expect(() => assembleBpf(lines)).toThrow(message);
  });

  it('assembles any forward program into one that answers what its lines say', () => {
    fc.assert(
      fc.property(programs, fc.array(word, { minLength: 2, maxLength: 2 }), (instructions, [number, architecture]) => {
        const lines = instructions.flatMap((instruction, index): BpfLine[] => [{ label: `${index}` }, instruction]);
        const call = { number: number!, architecture: architecture! };
        expect(runBpf(assembleBpf(lines), call)).toBe(follow(instructions, call));
      }),
    );
  });
});

const word = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffffffff }));

/** Programs of up to 40 instructions whose targets are the indices of later ones. */
const programs = fc
  .array(
    fc.tuple(fc.constantFrom(...(['load', 'equal', 'greater', 'set', 'jump', 'return'] as const)), word, fc.nat()),
    {
      maxLength: 39,
    },
  )
  .map((parts) => [
    ...parts.map(([kind, value, random], index): BpfInstruction => {
      const target = `${index + 1 + (random % (parts.length - index))}`;
      if (kind === 'load') return { op: 'load', offset: (random % 2) * 4 };
      if (kind === 'return') return { op: 'return', value };
      if (kind === 'jump') return { op: 'jump', target };
      const op = ({ equal: 'jumpIfEqual', greater: 'jumpIfGreater', set: 'jumpIfAnySet' } as const)[kind];
      return { op, value, target };
    }),
    { op: 'return', value: 99 } as const,
  ]);

/** Follows the lines themselves, without their encoding. */
function follow(instructions: readonly BpfInstruction[], call: { number: number; architecture: number }): number {
  let accumulator = 0;
  for (let index = 0; ; ) {
    const instruction = instructions[index]!;
    if (instruction.op === 'return') return instruction.value;
    if (instruction.op === 'load') accumulator = instruction.offset === 0 ? call.number : call.architecture;
    index = 'target' in instruction && taken(instruction, accumulator) ? Number(instruction.target) : index + 1;
  }
}

function taken(instruction: Extract<BpfInstruction, { target: string }>, accumulator: number): boolean {
  if (instruction.op === 'jumpIfEqual') return accumulator === instruction.value;
  if (instruction.op === 'jumpIfGreater') return accumulator > instruction.value;
  if (instruction.op === 'jumpIfAnySet') return (BigInt(accumulator) & BigInt(instruction.value)) !== 0n;
  return true;
}
