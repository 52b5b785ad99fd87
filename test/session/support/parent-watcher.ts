import { watchParent } from '../../../src/session/parent-watch.js';

// Says when it has begun to watch its parent, and each time that it is told of its end; ends itself soon after.
const alive = setTimeout(() => undefined, 60_000);
watchParent(() => {
  process.stdout.write('ended\n');
  setTimeout(() => clearTimeout(alive), 1_500);
});
process.stdout.write('watching\n');
