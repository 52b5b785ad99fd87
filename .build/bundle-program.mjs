// Bundles the program in two parts, of which a start reads the first alone: `npm run bundle:program`.
//
// esbuild splits it at every `import(…)`. Its chunks become functions, which a part maps to their names; the first part
// links them, and has the second one loaded when a chunk is asked for that it does not have.
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, transform } from 'esbuild';

/** What a sidecar loads on its way to `ready`, with all that these import statically. */
const AT_START = ['src/main.ts', 'src/cli/serve.ts', 'src/sandbox/index.ts'];

const PARAMETERS = 'exports,require,module,__filename,__dirname,importModule,loadPart';

const LINKER = `
const linked = {};
const link = (name) => {
  if (!name.startsWith('./')) return require(name);
  if (!(name in linked)) {
    if (!(name in chunks)) Object.assign(chunks, loadPart('program.rest.cjs'));
    linked[name] = { exports: {} };
    chunks[name](linked[name].exports, link, linked[name]);
  }
  return linked[name].exports;
};`;

const FORM = { platform: 'node', target: 'node20.19', logLevel: 'warning', minifyWhitespace: true, minifySyntax: true };

const { outputFiles, metafile } = await build({
  ...FORM,
  entryPoints: ['src/main.ts'],
  bundle: true,
  splitting: true,
  format: 'esm',
  outdir: 'dist',
  write: false,
  metafile: true,
  sourcemap: 'inline',
  define: { 'import.meta.url': '__filename', 'import.meta.dirname': '__dirname' },
});

const early = chunksAtStart();
const chunks = await Promise.all(outputFiles.map(toFunction));
writePart(
  'program.cjs',
  chunks.filter(({ name }) => early.has(name)),
  `${LINKER}link('./main.js')`,
);
writePart(
  'program.rest.cjs',
  chunks.filter(({ name }) => !early.has(name)),
  'module.exports=chunks',
);

function chunksAtStart() {
  const paths = Object.keys(metafile.outputs).filter((path) => AT_START.includes(metafile.outputs[path].entryPoint));
  for (const path of paths) {
    for (const { kind, path: imported } of metafile.outputs[path].imports) {
      if (kind === 'import-statement' && imported in metafile.outputs && !paths.includes(imported))
        paths.push(imported);
    }
  }
  return new Set(paths.map((path) => basename(path)));
}

async function toFunction({ path, text }) {
  const { code, map } = await transform(text, {
    ...FORM,
    format: 'cjs',
    sourcemap: 'external',
    supported: { 'dynamic-import': false },
  });
  return { name: basename(path), code, map: JSON.parse(map) };
}

/** The last line of a part is left to its build id. */
function writePart(file, functions, end) {
  let text = `(function(${PARAMETERS}){const chunks={`;
  const sections = [];
  for (const { name, code, map } of functions) {
    text += `"./${name}":function(exports,require,module){\n`;
    sections.push({ offset: { line: text.split('\n').length - 1, column: 0 }, map });
    text += `${code}},\n`;
  }
  writeFileSync(`dist/${file}`, `${text}};${end}})\n//# sourceMappingURL=${file}.map\n`);
  writeFileSync(`dist/${file}.map`, JSON.stringify({ version: 3, file, sections }));
}
