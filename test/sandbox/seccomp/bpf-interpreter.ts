/** What a filter sees of a system call: `struct seccomp_data`. */
export interface SyscallData {
  readonly number: number;
  readonly architecture: number;
  readonly args?: readonly bigint[];
}

/**
 * Runs a BPF program as the kernel would and gives its answer.
 * It knows what the kernel's checker lets through and throws for the rest, so a program it runs would load.
 */
export function runBpf(program: Uint8Array, call: SyscallData): number {
  const data = seccompData(call);
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  let accumulator = 0;
  let pc = 0;
  for (;;) {
    const at = pc * 8;
    if (at + 8 > program.byteLength) throw new Error(`ran off the end at instruction ${pc}`);
    const code = view.getUint16(at, true);
    const jumpTrue = view.getUint8(at + 2);
    const jumpFalse = view.getUint8(at + 3);
    const k = view.getUint32(at + 4, true);
    pc += 1;
    switch (code) {
      case 0x20:
        if (k % 4 !== 0 || k >= 64) throw new Error(`load from offset ${k}`);
        accumulator = data.getUint32(k, true);
        break;
      case 0x05:
        pc += k;
        break;
      case 0x15:
        pc += accumulator === k ? jumpTrue : jumpFalse;
        break;
      case 0x25:
        pc += accumulator > k ? jumpTrue : jumpFalse;
        break;
      case 0x45:
        pc += (accumulator & k) !== 0 ? jumpTrue : jumpFalse;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`instruction code 0x${code.toString(16)}`);
    }
  }
}

function seccompData(call: SyscallData): DataView {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, call.number, true);
  view.setUint32(4, call.architecture, true);
  for (const [index, value] of (call.args ?? []).entries()) view.setBigUint64(16 + 8 * index, value, true);
  return view;
}
