import { describe, expect, it } from 'vitest';
import { checkArgumentSize } from '../../src/sandbox/argument-size.js';
import { commandSpec, TestSandbox } from './support/sandbox.js';

describe('a command line', () => {
  it.skipIf(process.platform !== 'linux')('may have arguments of 131,071 bytes and none longer', async () => {
    await using sandbox = await TestSandbox.open();
    const longest = 'x'.repeat(131_071);
    const { stdout } = await sandbox.run(commandSpec('sh', ['-c', 'printf %s "$1" | wc -c', 'sh', longest]));
    expect(stdout.trim()).toBe('131071');
    await expect(sandbox.start(commandSpec('true', [`${longest}x`]))).rejects.toMatchObject({
      kind: 'execution',
      code: 'arguments_too_long',
      message: expect.stringContaining('131072 bytes exceed'),
      details: { bytes: 131_072, bound: 131_071 },
    });
  });

  it('counts bytes, not characters', async () => {
    await expect(checkArgumentSize(['é'.repeat(66_000)], {})).rejects.toMatchObject({ code: 'arguments_too_long' });
  });

  it('may be as long in all as the system takes, and no longer', async () => {
    await using sandbox = await TestSandbox.open();
    const thousandBytes = (count: number) => Array.from({ length: count }, () => 'x'.repeat(1_000));
    let count = 500;
    while (count < 20_000 && (await fits(thousandBytes(count * 2)))) count *= 2;
    const { exit } = await sandbox.run(commandSpec('true', thousandBytes(count - 10)));
    expect(exit.exitCode).toBe(0);
    await expect(sandbox.start(commandSpec('true', thousandBytes(count * 2)))).rejects.toMatchObject({
      code: 'arguments_too_long',
    });
  });

  it('counts its environment', async () => {
    const environment = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`V${i}`, 'x'.repeat(100_000)]));
    await expect(checkArgumentSize(['true'], environment)).rejects.toMatchObject({ code: 'arguments_too_long' });
  });
});

async function fits(args: readonly string[]): Promise<boolean> {
  return checkArgumentSize(args, {}).then(
    () => true,
    () => false,
  );
}
