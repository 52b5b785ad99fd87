import { readFileSync } from 'node:fs';
import { fromTaggedJson } from '../../../protocol/index.js';
import { Host } from './host.js';
import { Script } from './script.js';
import type { Step } from './steps.js';

const steps = fromTaggedJson(JSON.parse(readFileSync(process.argv.at(-1)!, 'utf8'))) as readonly Step[];
await new Script(new Host()).play(steps);
