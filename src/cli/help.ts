import { flagName, settingNames, VERSION, variableName } from '../sidecar/index.js';
import { settingsSchema } from '../sidecar/settings-schema.js';

const USAGE = `exec-sidecar ${VERSION} runs commands under limits for a program that drives it over stdio.

Usage:
  exec-sidecar serve [settings]                     serve frames on stdin and stdout (spawned by a client)
  exec-sidecar run [limits] [settings] -- CMD ARGS  run one command; exits as it did, 124 on timeout
  exec-sidecar run [settings] --batch FILE          run one task a line (JSON), print one result a line; - is stdin
  exec-sidecar doctor [--json] [--require kernel] [settings]
                                                    tell what is available and enforced on this machine, and how
                                                    to get to more; exits 1 where the kernel does not hold all limits
  exec-sidecar demo                                 show a sidecar at work
  exec-sidecar --help | --version

Limits of run (whole numbers; ms take the suffixes ms, s, m, h; bytes K, M, G):
  --timeout-ms N  --cpu-time-ms N  --memory-bytes N  --processes N  --open-files N  --file-size-bytes N
  --output-bytes N  --workspace-bytes N  --cpu-percent N

Other options of run:
  --env NAME=VALUE      set a variable (repeatable)        --cwd DIR       working directory in the workspace
  --file PATH=SOURCE    copy SOURCE to PATH (repeatable)   --require kernel
  --verbose             tell on stderr: limit warnings, what stalls and who is slow, where the time went, peak usage,
                        and the figures of the queues

Settings (a flag, a variable, a key of the JSON file --config FILE, or of init.config; the later ones win:
file, environment, flags, init.config):
`;

/** What `--help` prints: the subcommands and every setting with its default. */
export function helpText(): string {
  const lines = settingNames.map((name) => {
    const { description = '' } = settingsSchema.shape[name];
    const fallback = name === 'memoryBudgetBytes' ? '' : defaultText(name);
    return `  ${flagName(name)}\n      ${description}${fallback}\n      ${variableName(name)}`;
  });
  return `${USAGE}${lines.join('\n')}\n`;
}

function defaultText(name: (typeof settingNames)[number]): string {
  const value = settingsSchema.shape[name].safeParse(undefined).data;
  return value === undefined ? '' : ` (default ${JSON.stringify(value)})`;
}
