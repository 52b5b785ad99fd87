import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Which folders each folder may import from, itself aside. */
const directions: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  'src/tracking': ['protocol'],
  'src/sandbox': ['protocol', 'src/tracking'],
  'src/monitor': ['protocol', 'src/tracking', 'src/sandbox'],
  'src/executor': ['protocol', 'src/tracking', 'src/sandbox', 'src/monitor'],
  'src/session': ['protocol', 'src/tracking', 'src/executor'],
  'src/sidecar': ['protocol', 'src/tracking', 'src/sandbox', 'src/executor', 'src/session'],
  'src/cli': ['protocol', 'src/tracking', 'src/sandbox', 'src/executor', 'src/sidecar'],
  src: ['src/cli', 'src/executor', 'src/monitor', 'src/sandbox', 'src/sidecar', 'src/tracking'],
  'clients/node': ['protocol'],
};

/** Where each third-party package may be imported. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@msgpack/msgpack': ['protocol'],
  zod: ['protocol', 'src/sidecar'],
  execa: ['src/sandbox'],
  tinyglobby: ['src/sandbox'],
  pidusage: ['src/monitor'],
  'lru-cache': ['src/executor'],
  pino: ['src/sidecar'],
};

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly specifier: string;
  /** Whether nothing is left of it once it is compiled. */
  readonly isType: boolean;
  readonly isDynamic: boolean;
}

const files = ['protocol', 'src', 'clients'].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);

/** What a sidecar loads before it says `ready`, beside what these import. */
const LOADED_AT_START = ['src/main.ts', 'src/cli/serve.ts', 'src/sandbox/index.ts'];

describe('a start', () => {
  it('loads no schema: to make them takes longer than all the rest', () => {
    const loaded = new Set(LOADED_AT_START);
    for (const file of loaded) {
      const values = imports.filter((found) => found.file === file && !found.isType && !found.isDynamic);
      for (const { specifier } of values) {
        if (specifier.startsWith('.')) loaded.add(join(dirname(file), specifier.replace(/\.js$/, '.ts')));
        else expect([file, specifier]).not.toEqual([file, 'zod']);
      }
    }
    expect(loaded.size).toBeGreaterThan(100);
  });
});

describe('the layers', () => {
  it('cover every source file', () => {
    expect(files.filter((file) => !(folderOf(file) in directions))).toEqual([]);
    expect(imports.length).toBeGreaterThan(100);
  });

  it('import only what lies below them', () => {
    const wrong = imports.filter(({ file, folder, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      const target = folderOf(relative(root, join(root, dirname(file), specifier)));
      return target !== folder && !directions[folder]?.includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('import each package in its folder and nowhere else', () => {
    const wrong = imports.filter(({ folder, specifier }) => {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) return false;
      return !packages[specifier]?.includes(folder);
    });
    expect(wrong).toEqual([]);
  });

  it('keep Node out of the protocol', () => {
    const wrong = imports.filter(({ folder, specifier }) => folder === 'protocol' && specifier.startsWith('node:'));
    expect(wrong).toEqual([]);
  });

  it('leave the streams, signals and the end of the process to main.ts', () => {
    const touches = /\bprocess\s*\.\s*(exit\b|exitCode\b|stdin\b|stdout\b|on\(|once\()/;
    const wrong = files.filter((file) => file.startsWith('src/') && file !== 'src/main.ts' && touches.test(code(file)));
    expect(wrong).toEqual([]);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const specifiers = code(file).matchAll(
    /(?:^(?:import|export)\s[\w\s{},*$]*\bfrom\s+|^import\s+|\bimport\s*\(\s*)'([^']+)'/gm,
  );
  return [...specifiers].map(([statement, specifier = '']) => ({
    file,
    folder: folderOf(file),
    specifier,
    isType: /^(?:import|export)\s+type\b/.test(statement),
    isDynamic: /^import\s*\(/.test(statement),
  }));
}

/** The layer that a file belongs to: the longest folder that has directions. */
function folderOf(file: string): string {
  const layers = Object.keys(directions).filter((layer) => file.startsWith(`${layer}/`));
  return layers.sort((a, b) => b.length - a.length)[0] ?? file;
}

/** A file without its comments. */
function code(file: string): string {
  return readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}
