import { errorCode } from '../error-code.js';
import type { CgroupFiles } from './cgroup-files.js';
import { parsePids, parseWords } from './file-formats.js';
import { moveInto, moveMembers } from './move-members.js';
import { type CgroupObstacle, obstacleOf } from './support.js';

/** The version 2 controllers that groups of tasks are given where they are to be had. */
export const CONTROLLERS_V2 = ['memory', 'pids', 'cpu', 'io'] as const;
export type ControllerV2 = (typeof CONTROLLERS_V2)[number];

/** The controllers that the groups of tasks have, and why they lack the others. */
export interface Delegation {
  readonly delegated: readonly ControllerV2[];
  readonly refused: ReadonlyMap<ControllerV2, CgroupObstacle>;
  /** Undoes what was changed in the own group. Rejects with the kernel's error where that cannot be. */
  giveBack(): Promise<void>;
}

export interface DelegationOptions {
  /** The group that this process is in. */
  readonly own: string;
  /** The group below it, under which the groups of tasks are made. */
  readonly instance: string;
  readonly pid: number;
  /** What this process has started so far. */
  readonly helpers: readonly number[];
  readonly files: CgroupFiles;
}

/**
 * Hands the version 2 controllers of the own group down to the groups of tasks. Never rejects.
 *
 * A group that hands controllers down must not hold processes itself. So this process, where nobody but its helpers is
 * in its group, moves with them into `<instance>/supervisor`, and `giveBack` moves them back. Where others are in the
 * group they are left alone, and no controller is handed down.
 */
export async function delegateControllers(options: DelegationOptions): Promise<Delegation> {
  const { own, instance, files } = options;
  const offered = parseWords(await files.read(`${own}/cgroup.controllers`).catch(() => ''));
  const handedDown = parseWords(await files.read(`${own}/cgroup.subtree_control`).catch(() => ''));
  const wanted = CONTROLLERS_V2.filter((controller) => offered.includes(controller));
  const refused = new Map<ControllerV2, CgroupObstacle>();
  for (const controller of CONTROLLERS_V2) {
    if (offered.includes(controller)) continue;
    refused.set(controller, { code: 'not_delegated', reason: `${controller} is not in ${own}/cgroup.controllers` });
  }
  const toEnable = wanted.filter((controller) => !handedDown.includes(controller));
  const move = toEnable.length === 0 ? STAYED : await moveAside(options);
  if (move.obstacle !== null) {
    for (const controller of wanted) refused.set(controller, move.obstacle);
    return { delegated: [], refused, giveBack: () => Promise.resolve() };
  }

  const enabled: ControllerV2[] = [];
  const delegated: ControllerV2[] = [];
  for (const controller of wanted) {
    try {
      if (toEnable.includes(controller)) {
        await files.write(`${own}/cgroup.subtree_control`, `+${controller}`);
        enabled.push(controller);
      }
      await files.write(`${instance}/cgroup.subtree_control`, `+${controller}`);
      delegated.push(controller);
    } catch (error) {
      refused.set(controller, obstacleOf(`enabling ${controller} below ${own}`, error));
    }
  }
  const giveBack = async (): Promise<void> => {
    await takeBack(instance, files);
    for (const controller of enabled) await files.write(`${own}/cgroup.subtree_control`, `-${controller}`);
    if (move.moved) await leaveSupervisor(options);
  };
  return { delegated, refused, giveBack };
}

/**
 * Undoes what the delegation of an instance that died has left, and moves what is still in its supervisor, such as the
 * helper that clears up after it, back into the own group. Without a supervisor group nothing has been changed in the
 * own group, save in the root of the hierarchy, where it is not known who changed what. Rejects with the kernel's error.
 */
export async function undoDelegation(options: Omit<DelegationOptions, 'pid' | 'helpers'>): Promise<void> {
  const { own, instance, files } = options;
  if (!files.children(instance).includes(SUPERVISOR)) return;
  await takeBack(instance, files);
  // A group can hand down only while it holds no process, so whoever left it for the supervisor has changed all of it.
  await takeBack(own, files);
  await leaveSupervisor(options);
}

/** The group below the instance's into which the sidecar itself moves. */
export const SUPERVISOR = 'supervisor';

async function takeBack(directory: string, files: CgroupFiles): Promise<void> {
  const path = `${directory}/cgroup.subtree_control`;
  for (const controller of parseWords(await files.read(path))) await files.write(path, `-${controller}`);
}

async function leaveSupervisor({ own, instance, files }: Omit<DelegationOptions, 'pid' | 'helpers'>): Promise<void> {
  const supervisor = `${instance}/${SUPERVISOR}`;
  await moveMembers(supervisor, own, files);
  await files.removeDirectory(supervisor);
}

interface Move {
  readonly moved: boolean;
  readonly obstacle: CgroupObstacle | null;
}

const STAYED: Move = { moved: false, obstacle: null };

/** Leaves the own group empty, where that is needed and nobody else is in it. */
async function moveAside(options: DelegationOptions): Promise<Move> {
  const { own, instance, pid, helpers, files } = options;
  // Only the root of the whole hierarchy has no type, and it alone may hold processes and hand controllers down.
  const isRoot = await files.read(`${own}/cgroup.type`).then(
    () => false,
    (error: unknown) => errorCode(error) === 'ENOENT',
  );
  if (isRoot) return STAYED;

  const supervisor = `${instance}/${SUPERVISOR}`;
  try {
    const members = parsePids(await files.read(`${own}/cgroup.procs`));
    const others = members.filter((member) => member !== pid && !helpers.includes(member));
    if (others.length > 0) return { ...STAYED, obstacle: notAlone(own, others) };
    await files.makeDirectory(supervisor);
    for (const helper of helpers) await moveInto(supervisor, helper, files);
    await files.write(`${supervisor}/cgroup.procs`, `${pid}`);
  } catch (error) {
    await leaveSupervisor(options).catch(() => {});
    return { ...STAYED, obstacle: obstacleOf(`moving this process into ${supervisor}`, error) };
  }
  return { moved: true, obstacle: null };
}

function notAlone(own: string, others: readonly number[]): CgroupObstacle {
  const named = others.slice(0, NAMED_PIDS).join(', ') + (others.length > NAMED_PIDS ? ', …' : '');
  return {
    code: 'busy',
    reason: `${own} also holds ${others.length} other process(es) (${named}), so it cannot hand controllers down`,
  };
}

/** How many of the other processes a reason names. */
const NAMED_PIDS = 8;
