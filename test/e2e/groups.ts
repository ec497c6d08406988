// Which stories are told in which cluster. A minor upgrade cannot be taken back, so each group has a fresh cluster, and a
// story takes the next worker that is not upgraded yet. Pure.

export interface Group {
  name: string;
  controlPlanes: 1 | 3;
  /** In front of three; default: haproxy. */
  balancer?: 'kube-vip';
  /** Others, to which pods can move; those that stories take count. */
  leastWorkers?: number;
  /** In this order: what comes later may need what came before. */
  stories: readonly Story[];
}

export interface Story {
  /** In stories/, without `.test.ts`. */
  name: string;
  /** Only with --all. */
  isExtra?: boolean;
  /** A worker of its own, which it upgrades. */
  takesWorker?: boolean;
  /** If it fails, the rest of the group has nothing to stand on. */
  isGround?: boolean;
}

export const GROUPS: readonly Group[] = [
  {
    name: 'refit',
    controlPlanes: 1,
    // Where pods cannot move away, nothing is cordoned.
    leastWorkers: 2,
    stories: [
      { name: 'control-plane', isGround: true },
      { name: 'worker', takesWorker: true },
      { name: 'kubelet-does-not-start', takesWorker: true },
      { name: 'budget-never-allows', takesWorker: true },
      { name: 'staged-kubelet-corrupt', takesWorker: true },
      { name: 'back-refused', isExtra: true },
    ],
  },
  {
    name: 'plain',
    controlPlanes: 1,
    leastWorkers: 2,
    stories: [
      { name: 'plain-control-plane', isGround: true },
      { name: 'plain-worker', takesWorker: true },
      { name: 'api-server-away', takesWorker: true, isExtra: true },
      { name: 'disk-nearly-full', takesWorker: true, isExtra: true },
      { name: 'argo-restarted', takesWorker: true, isExtra: true },
    ],
  },
  {
    // The quickest: `.ci/run` tells it.
    name: 'flip',
    controlPlanes: 1,
    // One more than are taken: Argo's controller can stay where it is.
    leastWorkers: 4,
    stories: [
      { name: 'flip-control-plane', isExtra: true, isGround: true },
      { name: 'step-pod-deleted', takesWorker: true, isExtra: true },
      { name: 'containerd-restarted', takesWorker: true, isExtra: true },
      { name: 'node-rebooted', takesWorker: true, isExtra: true },
    ],
  },
  {
    name: 'flip-taken-back',
    controlPlanes: 1,
    leastWorkers: 2,
    stories: [{ name: 'flip-taken-back', isExtra: true }],
  },
  {
    name: 'flip-fails',
    controlPlanes: 1,
    stories: [
      // Behind it a change of configuration is known for one.
      { name: 'flip-back', isExtra: true, isGround: true },
      { name: 'flip-power-off', isExtra: true },
    ],
  },
  {
    name: 'flip-ha',
    controlPlanes: 3,
    stories: [{ name: 'flip-ha', isExtra: true }],
  },
  {
    name: 'flip-vip',
    controlPlanes: 3,
    balancer: 'kube-vip',
    stories: [{ name: 'flip-vip', isExtra: true }],
  },
  {
    name: 'single-node',
    controlPlanes: 1,
    stories: [
      { name: 'configuration', isExtra: true },
      { name: 'single-node', isExtra: true },
    ],
  },
];

const FLIP_WORDS = [
  'flip-control-plane',
  'flip-taken-back',
  'flip-fails',
  'flip-ha',
  'flip-vip',
  'plain-control-plane',
];

/** One is drained, and another one takes its pods. */
const LEAST_WORKERS = 2;

export interface Choice {
  all: boolean;
  /** The flip of a control plane, and what it is compared with. */
  flip?: boolean;
  /** Only clusters that have as many; default: all. */
  controlPlanes?: number;
  /** Names of stories or groups; none: all that belong to the choice. */
  words: readonly string[];
  /** A cluster is there, so is what the stories stand on. */
  isGrounded?: boolean;
}

/** Of each group what has to be told; groups without anything are left out. Errors: a word that nothing has. */
export function chosen(choice: Choice): Group[] {
  const { all, flip = false, controlPlanes, words: given, isGrounded = false } = choice;
  const words = flip ? [...given, ...FLIP_WORDS] : given;
  const isMeant = (group: Group, story: Story) =>
    words.length === 0
      ? all || story.isExtra !== true
      : words.some((word) => word === group.name || word === story.name);
  for (const word of words) {
    if (!names().includes(word)) throw new Error(`got ${word}, expected one of: ${names().join(', ')}`);
  }
  return GROUPS.flatMap((group) => {
    if (group.controlPlanes !== (controlPlanes ?? group.controlPlanes)) return [];
    const meant = group.stories.filter((one) => isMeant(group, one));
    if (meant.length === 0) return [];
    // What it stands on comes with it.
    const isWanted = (one: Story) => meant.includes(one) || (one.isGround === true && !isGrounded);
    const stories = group.stories.filter(isWanted);
    return [{ ...group, stories }];
  });
}

/** Of every cluster of these groups in which workers are upgraded: only equal ones can be compared. */
export function workersOf(groups: readonly Group[], group: Group): number {
  const count = ({ stories, leastWorkers = 0 }: Group) =>
    Math.max(leastWorkers, stories.filter((one) => one.takesWorker === true).length);
  return count(group) === 0 ? 0 : Math.max(LEAST_WORKERS, ...groups.map(count));
}

function names(): string[] {
  return GROUPS.flatMap(({ name, stories }) => [name, ...stories.map((one) => one.name)]);
}
