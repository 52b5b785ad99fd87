import { spawn } from 'node:child_process';

/** What a terminal showed while a shell command ran in it, and how the command ended. */
export interface TerminalSession {
  readonly exitCode: number | null;
  readonly screen: string;
}

/** Runs a shell command with a terminal as its stdin, stdout and stderr. Needs script(1) of util-linux. */
export function runInTerminal(command: string): Promise<TerminalSession> {
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30_000,
  });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, screen }));
  });
}
