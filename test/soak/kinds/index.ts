import type { Kind } from '../kind.js';
import { flowKinds } from './flows.js';
import { hostKinds } from './host.js';
import { limitKinds } from './limits.js';
import { plainKinds } from './plain.js';

/** Everything that a soak does. */
export const kinds: readonly Kind[] = [...plainKinds, ...limitKinds, ...flowKinds, ...hostKinds];
