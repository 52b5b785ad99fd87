import { writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeCachePath, encodeCodeCache, loadProgram } from '../src/load-program.js';
import { useTemporaryFolder } from './support/temporary-folder.js';

const folder = useTemporaryFolder();

/** Writes a program that leaves what it was given in a global variable. */
function writeProgram(buildId = '//# buildId=1'): string {
  const path = join(folder(), 'program.cjs');
  const body =
    "globalThis.seen = { separator: require('node:path').sep, exports, module, __filename, __dirname, imported: importModule('node:path') };";
  writeFileSync(path, `(function(exports,require,module,__filename,__dirname,importModule){${body}})\n${buildId}`);
  return path;
}

function seen(): Record<string, unknown> {
  return (globalThis as unknown as { seen: Record<string, unknown> }).seen;
}

describe('a program', () => {
  it('is given what Node gives to a file, and can import', async () => {
    const path = writeProgram();
    loadProgram(path).run();
    const exports = {};
    const { imported, ...given } = seen();
    expect(await imported).toMatchObject({ sep });
    expect(given).toEqual({ separator: sep, exports, module: { exports }, __filename: path, __dirname: folder() });
  });

  it('exports what it has put there', () => {
    const path = join(folder(), 'exporting.cjs');
    writeFileSync(path, '(function(exports,require,module){module.exports=require("node:path").sep})\n');
    expect(loadProgram(path).run()).toBe(sep);
  });

  it('has a part of it loaded from beside it, with a code cache of its own', () => {
    const [path, partPath] = ['program.cjs', 'part.cjs'].map((name) => join(folder(), name)) as [string, string];
    const parameters = 'exports,require,module,__filename,__dirname,importModule,loadPart';
    writeFileSync(path, `(function(${parameters}){module.exports=loadPart('part.cjs')})\n//# buildId=1`);
    writeFileSync(partPath, `(function(${parameters}){module.exports=__filename})\n//# buildId=2`);
    const program = loadProgram(path);
    expect(program.parts).toEqual([]);
    expect(program.run()).toBe(partPath);
    const [part] = program.parts;
    expect([part?.path, part?.buildId]).toEqual([partPath, '//# buildId=2']);
    writeFileSync(codeCachePath(partPath), encodeCodeCache(part!.buildId, part!.script.createCachedData()));
    const again = loadProgram(path);
    again.run();
    expect(again.parts[0]?.script.cachedDataRejected).toBe(false);
  });

  it('is compiled where there is no code cache', () => {
    expect(loadProgram(writeProgram()).script.cachedDataRejected).toBeUndefined();
  });

  it('is taken from the code cache of its build', () => {
    const path = writeProgram();
    const { script, buildId } = loadProgram(path);
    writeFileSync(codeCachePath(path), encodeCodeCache(buildId, script.createCachedData()));
    expect(loadProgram(path).script.cachedDataRejected).toBe(false);
  });

  it('is compiled where the code cache is of another build, which has the same length', () => {
    const path = writeProgram();
    const { script, buildId } = loadProgram(path);
    writeFileSync(codeCachePath(path), encodeCodeCache(buildId, script.createCachedData()));
    writeProgram('//# buildId=2');
    expect(loadProgram(path).script.cachedDataRejected).toBeUndefined();
  });
});
