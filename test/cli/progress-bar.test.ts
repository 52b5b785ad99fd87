import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ProgressBar } from '../../src/cli/progress-bar.js';

function terminal(isTTY: boolean): { stream: PassThrough & { isTTY: boolean }; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY });
  const written: string[] = [];
  stream.on('data', (chunk) => written.push(String(chunk)));
  return { stream, text: () => written.join('') };
}

describe('the progress bar', () => {
  it('is redrawn in place as tasks begin and end, and leaves the line in the end', () => {
    const { stream, text } = terminal(true);
    {
      using bar = new ProgressBar(stream);
      bar.begun();
      bar.begun();
      bar.ended();
      bar.ended();
    }
    const drawings = text().split('\r').slice(1);
    expect(drawings.map((drawing) => drawing.trim().split(' ')[1])).toEqual(['0/1', '0/2', '1/2', '2/2']);
    expect(drawings[2]!.match(/█/g)).toHaveLength(15);
    expect(drawings[2]!.match(/░/g)).toHaveLength(15);
    expect(drawings[3]!.endsWith('\n')).toBe(true);
  });

  it('is not there where there is no terminal, or nothing to show', () => {
    const pipe = terminal(false);
    {
      using bar = new ProgressBar(pipe.stream);
      bar.begun();
      bar.ended();
    }
    expect(pipe.text()).toBe('');
    const empty = terminal(true);
    new ProgressBar(empty.stream)[Symbol.dispose]();
    expect(empty.text()).toBe('');
  });
});
