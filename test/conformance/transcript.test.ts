import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { specification } from '../protocol/support/specification.js';
import { useTemporaryFolder } from '../support/temporary-folder.js';
import { loadTranscript, VERBS } from './transcript.js';

const folder = useTemporaryFolder();
const header = '{"shows": "something", "plays": "host"}';

function load(...lines: readonly string[]) {
  const path = join(folder(), 'script.jsonl');
  writeFileSync(path, lines.join('\n'));
  return loadTranscript(path);
}

describe('a transcript', () => {
  it('is a header and a step a line, between which lines may be empty', () => {
    const transcript = load(
      header,
      '',
      '{"expect": ["hello", 0], "withinMs": 5, "why": "at once"}',
      '{"endSending": true}',
      '',
    );
    expect(transcript).toMatchObject({ name: 'script', header: { shows: 'something', plays: 'host' } });
    expect(transcript.steps.map(({ line, verb }) => [line, verb])).toEqual([
      [3, 'expect'],
      [4, 'endSending'],
    ]);
  });

  it.each([
    [['']],
    [['{"plays": "host"}'], 'shows'],
    [['{"shows": "x", "plays": "client"}'], 'plays must be "host" or "sidecar", got "client"'],
    [['{"shows": "x", "plays": "host", "flags": "x"}'], 'flags must be an array of texts'],
    [['{"shows": "x", "plays": "host", "colour": "red"}'], 'unknown field colour'],
    [[header, 'send'], 'line 2: it is no JSON'],
    [[header, '[]'], 'line 2: it is no JSON object'],
    [[header, '{"wait": 5}'], 'line 2: a step has exactly one of send'],
    [[header, '{"send": [], "expect": []}'], 'line 2: a step has exactly one of send'],
    [[header, '', '{"send": [], "withinMs": 5}'], 'line 3: send has an unknown field withinMs'],
  ])('%j is refused', (lines, reason = 'script.jsonl, line 1: the transcript is empty') => {
    expect(() => load(...lines)).toThrow(reason);
  });
});

describe('the specification', () => {
  it('shows a transcript that can be read', () => {
    const [, example = ''] = /```json\n(\{"shows.*?)```/s.exec(specification) ?? [];
    expect(load(example).steps.map(({ verb }) => verb)).toContain('expectExit');
  });

  it('tells every verb', () => {
    const told = [...specification.matchAll(/^\| (`[a-zA-Z`, ]+`) \|/gm)].flatMap(([, names]) =>
      names!.replaceAll('`', '').split(', '),
    );
    expect(Object.keys(VERBS).filter((verb) => !told.includes(verb))).toEqual([]);
  });
});
