import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** A program, or a part of one, that has been compiled and not run yet. */
export interface LoadedProgram {
  readonly path: string;
  readonly script: Script;
  /** The last line of its file: another one after every build that has changed it. */
  readonly buildId: string;
  /** The parts that it has had loaded since it runs. */
  readonly parts: readonly LoadedProgram[];
  /** Runs it, as Node would have run the file, and answers what it exports. */
  run(): unknown;
}

/** What a code cache begins with is the build id, and then this. */
const SEPARATOR = '\n';

/**
 * Compiles a program that was bundled as a function of what Node gives to every file, `importModule`, and `loadPart`, with
 * what V8 has left of an earlier compilation where that lies beside it: it starts three times as fast. A cache of another
 * build is not looked at, and V8 refuses one of another version or under other flags: then all is compiled anew. The
 * program cannot import by itself what was not bundled with it; a part of it, a file beside it, is compiled in the same way
 * when the program asks for it.
 * @param path the absolute path of the program
 */
export function loadProgram(path: string): LoadedProgram {
  const source = readFileSync(path, 'latin1');
  const buildId = source.slice(source.lastIndexOf(SEPARATOR) + 1);
  const cachedData = readCodeCache(codeCachePath(path), buildId);
  const script = new Script(source, { filename: path, ...(cachedData && { cachedData }) });
  const parts: LoadedProgram[] = [];
  return {
    path,
    script,
    buildId,
    parts,
    run() {
      const module = { exports: {} };
      const importModule = (url: string) => import(url);
      const loadPart = (name: string) => {
        const part = loadProgram(join(dirname(path), name));
        parts.push(part);
        return part.run();
      };
      const scope = [module.exports, requireFor(path), module, path, dirname(path), importModule, loadPart];
      script.runInThisContext()(...scope);
      return module.exports;
    },
  };
}

/** What Node has is had from it directly: its own way leads past the files of packages, and has to be loaded first. */
function requireFor(path: string): (name: string) => unknown {
  return (name) => process.getBuiltinModule(name) ?? process.getBuiltinModule('node:module').createRequire(path)(name);
}

/** Where the code cache of a program lies: who may write it may write the program as well. */
export function codeCachePath(path: string): string {
  return `${path}.cache`;
}

/** What a code cache holds. */
export function encodeCodeCache(buildId: string, cachedData: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(buildId + SEPARATOR), cachedData]);
}

function readCodeCache(path: string, buildId: string): Buffer | undefined {
  try {
    const cache = readFileSync(path);
    const length = buildId.length + SEPARATOR.length;
    return cache.toString('latin1', 0, length) === buildId + SEPARATOR ? cache.subarray(length) : undefined;
  } catch {
    return undefined;
  }
}
