import { readFileSync } from 'node:fs';
import { settingNames } from '../../../src/sidecar/index.js';
import { settingsSchema } from '../../../src/sidecar/settings-schema.js';

const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** The contents of all code blocks of a language in the README, in order. */
export function codeBlocks(language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code!);
}

/** What stands between single backticks in the README. */
export function inlineCode(): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!);
}

/** What stands between `<!-- name -->` and `<!-- /name -->` in the README. */
export function marked(name: string): string {
  const [, content] = new RegExp(`<!-- ${name} -->\n(.*)<!-- /${name} -->`, 's').exec(text) ?? [];
  if (content === undefined) throw new Error(`the README has no part ${name}`);
  return content;
}

/** The table of all settings, as the schema has them. */
export function settingsTable(): string {
  const rows = settingNames.map((name) => {
    const { description = '' } = settingsSchema.shape[name];
    // A default that depends on the machine is told in the description.
    const [, meaning = description, told] = /^(.*) \(default: (.*)\)$/.exec(description) ?? [];
    return `| \`${name}\` | ${told ?? defaultText(name)} | ${meaning} |`;
  });
  return ['| setting | default | meaning |', '|---|---|---|', ...rows, ''].join('\n');
}

function defaultText(name: (typeof settingNames)[number]): string {
  const value: unknown = settingsSchema.shape[name].parse(undefined);
  return typeof value === 'number' ? value.toLocaleString('en-US') : `\`${JSON.stringify(value)}\``;
}
