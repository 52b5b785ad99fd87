import type { Line } from '../line.js';
import { endurance } from './endurance.js';
import { idle } from './idle.js';
import { largeFrame } from './large-frame.js';
import { pings, singlePings } from './pings.js';
import { sandboxed, sandboxedSustained } from './sandboxed.js';
import { spawns } from './spawns.js';
import { start } from './start.js';
import { streaming } from './streaming.js';

/** All that is measured, in the order of the table. */
export const lines: readonly Line[] = [
  ...[pings, singlePings, spawns, sandboxed, sandboxedSustained],
  ...[streaming, largeFrame, start, endurance, idle],
];
