import { openSync, readdirSync } from 'node:fs';
import { checkSpawnRoom, hasRoomFor, openFilesForTasks } from '../../../src/sandbox/descriptor-room.js';

// Opens files until a task, and then a process, is refused, and prints how many it took. `open` is before the first, without
// what was inherited with a number above the limit and the descriptor that lists them.
const limit = openFilesForTasks + 16;
const open = readdirSync('/proc/self/fd').filter((descriptor) => Number(descriptor) < limit).length - 1;
const refused: Record<string, number> = {};
const checkTaskRoom = () => {
  if (!hasRoomFor(1)) throw new Error('no room');
};
for (let opened = 0; Object.keys(refused).length < 2; opened += 1) {
  for (const [name, check] of Object.entries({ task: checkTaskRoom, process: checkSpawnRoom })) {
    try {
      check();
    } catch {
      refused[name] ??= opened;
    }
  }
  openSync('/dev/null', 'r');
}
process.stdout.write(JSON.stringify({ forTasks: openFilesForTasks, refused, open }));
