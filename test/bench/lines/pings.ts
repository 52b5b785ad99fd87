import { sidecarContestant } from '../contestant.js';
import type { Contestant, Line } from '../line.js';
import { lanes } from '../loads/lanes.js';
import { barePipe } from '../peers/bare-pipe.js';
import { forkChannel } from '../peers/fork-channel.js';
import { jsonRpc } from '../peers/json-rpc.js';
import { msgpackEcho } from '../peers/msgpack-echo.js';

const IN_FLIGHT = 256;

/** Amounts are in ms. */
export const pings: Line = {
  name: 'pings',
  what: `ping round trips, ${IN_FLIGHT} in flight`,
  figures: { rate: 'per second' },
  contestants: contestants(IN_FLIGHT),
  goals: [
    { figure: 'rate', against: 'vscode-jsonrpc', atLeast: 5 },
    { figure: 'rate', against: 'fork channel', atLeast: 0.8 },
  ],
  amount: { full: 500, quick: 50 },
  rounds: { full: 9, quick: 2 },
  warmUpRounds: { full: 3, quick: 1 },
};

/** Amounts are in ms. */
export const singlePings: Line = {
  name: 'single-pings',
  what: 'ping one by one',
  figures: { p50Ms: 'ms' },
  contestants: contestants(1),
  goals: [{ figure: 'p50Ms', against: 'vscode-jsonrpc', atMost: 0.6 }],
  amount: { full: 500, quick: 50 },
  rounds: { full: 9, quick: 2 },
  warmUpRounds: { full: 3, quick: 1 },
};

function contestants(inFlight: number): Contestant[] {
  return [
    sidecarContestant({ backend: 'process' }, (sidecar, options) => lanes(inFlight, options, () => sidecar.ping())),
    jsonRpc(inFlight),
    forkChannel(inFlight),
    msgpackEcho(inFlight),
    barePipe(inFlight),
  ];
}
