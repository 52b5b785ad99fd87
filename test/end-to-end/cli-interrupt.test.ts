import { describe, expect, it } from 'vitest';
import { type CliOutcome, cli } from './support/cli.js';

describe('Ctrl-C while a subcommand is still being loaded', () => {
  it('ends run before its command is there', async () => {
    const outcome = await interrupted(['run', '--', 'sleep', '60']);
    expect(outcome).toMatchObject({ exitCode: 137, stdout: '', stderr: expect.stringContaining('cancelled') });
  });

  it('ends a batch before its first line', async () => {
    expect(await interrupted(['run', '--batch', '-'])).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('ends the demo before its last task', async () => {
    const { exitCode, stdout } = await interrupted(['demo']);
    expect(exitCode).toBe(130);
    expect(stdout).not.toContain('what became of them');
  });
});

/** A process that sends itself SIGINT when it has just begun to listen to it: nothing has been loaded then. */
const INTERRUPTED = `data:text/javascript,process.on('newListener',(name)=>{\
if(name==='SIGINT')process.nextTick(()=>process.kill(process.pid,name))})`;

function interrupted(args: readonly string[]): Promise<CliOutcome> {
  return cli(args, { env: { NODE_OPTIONS: `--import=${INTERRUPTED}` } });
}
