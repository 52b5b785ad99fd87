import { newUuid } from '../new-uuid.js';
import { CgroupManager, type CgroupManagerOptions } from './manager.js';
import type { CgroupSupport } from './support.js';

/**
 * What cgroups can do here, found by really making groups, writing to them and removing them again. A process that has
 * a `CgroupManager` reads its `support` instead.
 */
export async function probeCgroups(options: CgroupManagerOptions = {}): Promise<CgroupSupport> {
  await using manager = await CgroupManager.create(`probe-${newUuid()}`, options);
  return manager.support;
}
