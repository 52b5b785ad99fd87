import { excessOf } from './rest.js';
import type { SoakRun } from './soak.js';

/**
 * What was wrong with a soak, whatever its figures did meanwhile: tasks that ended otherwise than they should, answers
 * that do not add up, and what the sidecar has kept. Empty where nothing was.
 */
export function faultsOf(run: SoakRun): string[] {
  return [...run.surprises, ...uncounted(run), ...kept(run), ...left(run)];
}

/** Each task that was sent has to be counted once by the sidecar, in the status that the host was told. */
function uncounted({ tally, statistics }: SoakRun): string[] {
  const faults = statistics.completed === tally.sent ? [] : [`${tally.sent} tasks sent, ${statistics.completed} ended`];
  let unexplained = 0;
  for (const [status, ended] of Object.entries(statistics.byStatus)) {
    const answered = tally.byStatus[status as keyof typeof tally.byStatus] ?? 0;
    if (answered > ended) faults.push(`${answered} answers with status ${status}, ${ended} ended so`);
    unexplained += ended - answered;
  }
  // Whoever abandons a task is not told how it ended.
  if (unexplained !== tally.abandoned) faults.push(`${unexplained} tasks ended unheard, ${tally.abandoned} abandoned`);
  return faults;
}

function kept({ rest: { before, after } }: SoakRun): string[] {
  return excessOf(after, before).map((name) => `at rest ${name} is ${after[name]}, and was ${before[name]} before`);
}

function left({ exit, remains }: SoakRun): string[] {
  const { exitCode, signal, step, bye } = exit;
  const clean = exitCode === 0 && step === 'shutdown' && bye?.leaked === 0;
  const things = Object.entries(remains).filter(([, items]) => items.length > 0);
  return [
    ...(clean ? [] : [`the sidecar ended with ${exitCode ?? signal} by ${step}, and leaked ${bye?.leaked}`]),
    ...things.map(([name, items]) => `${name} are left: ${items.slice(0, 5).join(', ')}`),
  ];
}
