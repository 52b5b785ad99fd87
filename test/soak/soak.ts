import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExecutionStatisticsSnapshot, type ExitInfo, Sidecar } from '../../clients/node/index.js';
import { type Remains, RemainsCounter } from '../hostile/support/remains.js';
import { Random } from '../support/random.js';
import { FigureReader, type Figures } from './figures.js';
import type { Kind, Turn } from './kind.js';
import { kinds } from './kinds/index.js';
import { plainKinds } from './kinds/plain.js';
import { figuresAfter, type RestFigures, restingFigures } from './rest.js';
import { Tally } from './tally.js';

export interface SoakOptions {
  /** The sidecar to be driven. */
  readonly executable: string;
  readonly backend: 'auto' | 'process' | 'bubblewrap';
  /** For so long turns are begun, in ms. */
  readonly durationMs: number;
  readonly seed: number;
  /** Called about once a second with what has been measured. */
  readonly onSample?: (sample: Sample) => void;
}

/** What was measured, and when: in ms since the load began. */
export interface Sample extends Figures {
  readonly atMs: number;
}

/** What a soak has seen. */
export interface SoakRun {
  readonly backend: string;
  readonly samples: readonly Sample[];
  /** How often each kind was played. */
  readonly turns: Readonly<Record<string, number>>;
  /** What went otherwise than it should. */
  readonly surprises: readonly string[];
  readonly tally: Tally;
  readonly statistics: ExecutionStatisticsSnapshot;
  /** What the sidecar held before the load, when it had played each kind once, and after it. */
  readonly rest: { readonly before: RestFigures; readonly after: RestFigures };
  readonly exit: ExitInfo;
  /** What is left on the machine when the sidecar has ended. */
  readonly remains: Remains;
}

/** So many turns are played at once: more than the sidecar takes, so that tasks wait in the client too. */
const ACTORS = 24;
const CONFIG = {
  maxConcurrentTasks: 4,
  queueSize: 12,
  // What is kept of results is full within the first seconds, and so does not look like a leak.
  resultCacheSize: 100,
  resultCacheBytes: 4_194_304,
};
/** Twice as many as the sandboxes that a sidecar keeps prepared. */
const CALMING_TURNS = 8;
const SAMPLE_MS = 1_000;
const HEARTBEAT_MS = 500;

/** Has a sidecar do everything that a host may ask of it, at random, side by side, and measures it meanwhile. */
export async function soak({ executable, backend, durationMs, seed, onSample }: SoakOptions): Promise<SoakRun> {
  const root = await mkdtemp(join(tmpdir(), 'exec-sidecar-soak-'));
  try {
    const remains = new RemainsCounter(root, [], null);
    const sidecar = await Sidecar.spawn({
      executable,
      config: { ...CONFIG, sandbox: backend },
      env: { ...process.env, EXEC_SIDECAR_WORKSPACE_ROOT: root },
      heartbeatMs: HEARTBEAT_MS,
    });
    await using _closed = sidecar;
    await remains.learnInstances();
    const reader = new FigureReader(sidecar, root, remains);
    const stage = new Stage({ sidecar, tally: new Tally() }, seed);

    for (const kind of kinds) await stage.play(kind, new Random(seed));
    await stage.calm();
    const before = await restingFigures(reader);
    const load = stage.playFor(durationMs);
    const samples = await sampleUntil(load, reader, onSample);
    await stage.calm();
    const after = await figuresAfter(reader, before);
    const statistics = await sidecar.statistics();
    const exit = await sidecar.close();
    const { turns, surprises, tally } = stage;
    return {
      ...{ backend: sidecar.ready.sandbox.backend, samples, turns, surprises, tally, statistics },
      ...{ rest: { before, after }, exit, remains: await remains.all() },
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Plays kinds and remembers what came of it. */
class Stage {
  readonly turns: Record<string, number> = {};
  readonly surprises: string[] = [];
  readonly tally: Tally;
  readonly #sidecar: Sidecar;
  readonly #seed: number;

  constructor({ sidecar, tally }: Pick<Turn, 'sidecar' | 'tally'>, seed: number) {
    this.#sidecar = sidecar;
    this.tally = tally;
    this.#seed = seed;
  }

  async play({ name, play }: Kind, random: Random): Promise<void> {
    this.turns[name] = (this.turns[name] ?? 0) + 1;
    try {
      await play({ sidecar: this.#sidecar, random, tally: this.tally });
    } catch (error) {
      this.surprises.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Has the sidecar see nothing but plain tasks: what it keeps prepared for the next ones is that of the last ones. */
  async calm(): Promise<void> {
    for (let turn = 0; turn < CALMING_TURNS; turn += 1) await this.play(plainKinds[0]!, new Random(this.#seed));
  }

  /** Resolves when the turns that were begun in this time are over. */
  async playFor(durationMs: number): Promise<void> {
    const end = performance.now() + durationMs;
    const act = async (random: Random) => {
      while (performance.now() < end) await this.play(random.weighted(kinds), random);
    };
    await Promise.all(Array.from({ length: ACTORS }, (_, index) => act(new Random(this.#seed + index))));
  }
}

async function sampleUntil(
  load: Promise<void>,
  reader: FigureReader,
  onSample: SoakOptions['onSample'] = () => undefined,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const begun = performance.now();
  let isOver = false;
  const over = load.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const sample = { atMs: Math.round(performance.now() - begun), ...(await reader.read()) };
    samples.push(sample);
    onSample(sample);
    await Promise.race([over, sleep(SAMPLE_MS)]);
  }
  return samples;
}
