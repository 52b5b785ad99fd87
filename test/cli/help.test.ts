import { describe, expect, it } from 'vitest';
import { helpText } from '../../src/cli/help.js';
import { limitOptions } from '../../src/cli/quantity.js';
import { flagName, SettingsLayers, settingNames, variableName } from '../../src/sidecar/index.js';
import { settingsSchema } from '../../src/sidecar/settings-schema.js';

const help = helpText();

describe('the help', () => {
  it.each(settingNames)('tells of %s: its flag, its variable, what it is for and its default', async (name) => {
    const { description } = settingsSchema.shape[name];
    expect(description).toBeTruthy();
    const entry = help.split(/\n(?= {2}--)/).find((part) => part.startsWith(`  ${flagName(name)}\n`));
    expect(entry).toContain(description);
    expect(entry).toContain(variableName(name));
    const fallback = (await new SettingsLayers({}).resolve())[name];
    if (fallback !== undefined && name !== 'memoryBudgetBytes') {
      expect(entry).toContain(`(default ${JSON.stringify(fallback)})`);
    } else {
      expect(entry).toContain('default:');
    }
  });

  it('names every limit of run and every subcommand', () => {
    for (const option of Object.keys(limitOptions)) expect(help).toContain(`--${option} N`);
    for (const subcommand of ['serve', 'run', 'doctor', 'demo']) expect(help).toContain(`exec-sidecar ${subcommand}`);
  });

  it('fits into a terminal', () => {
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });
});
