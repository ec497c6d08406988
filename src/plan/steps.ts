// The steps of an operation: which of them the work needs, why, and which disturb the node.
import { releasesOf, type Policy } from '../api/policy.ts';
import { STEPS, type Role, type StepName } from '../api/steps.ts';
import type { Claim, Subject, WorkStep } from './claim.ts';
import type { NamedRelease } from './release.ts';
import type { PlannedStep } from './types.ts';

type Component = 'containerd' | 'cni';
type Effect = Pick<PlannedStep, 'reason' | 'disruptive'>;
/** Steps that do something for a change. */
export type Work = ReadonlyMap<WorkStep | Component, Effect>;

const COMPONENTS: readonly Component[] = ['containerd', 'cni'];
/** Subjects that a reason names. */
const MAX_NAMED = 20;

export interface WorkContext {
  role: Role;
  policy: Policy;
  /** undefined: there is no image map. */
  release: NamedRelease | undefined;
}

/** Work for the claimed differences of a CanUpdate request; `from` is the current Kubernetes version. */
export function workOfClaims(claims: readonly Claim[], from: string, context: WorkContext): Work {
  const claimed = claims.filter((claim) => claim.verdict === 'claimed');
  const work = new Map<WorkStep | Component, Effect>(changedComponents(from, context));
  for (const step of ['prepull', 'kubeadm', 'configure', 'kubelet'] as const) {
    const causes = claimed.filter((claim) => claim.steps.includes(step));
    if (causes.length === 0) continue;
    const disturbs = step === 'configure' && causes.some((cause) => cause.disturbs === true);
    work.set(step, {
      reason: reasonOf(causes.map((cause) => cause.subject)),
      disruptive: disturbs || isDisruptive(step, context.role),
    });
  }
  return work;
}

/** All work that there may be: UpdateMachine does not show the current state, so the host finds out. */
export function possibleWork(context: WorkContext): Work {
  const components = COMPONENTS.filter((component) => context.release?.[component] !== undefined);
  const steps = [...components, 'prepull', 'kubeadm', 'configure', 'kubelet'] as const;
  return new Map(
    steps.map((step) => [
      step,
      {
        reason: 'may have work: decided on the host',
        disruptive:
          isDisruptive(step, context.role) || (step === 'configure' && context.role === 'control-plane'),
      },
    ]),
  );
}

function isDisruptive(step: WorkStep | Component, role: Role): boolean {
  return step === 'containerd' || step === 'kubelet' || (step === 'kubeadm' && role === 'control-plane');
}

/** Components that the release brings and that the current version's releases do not all have already. */
function changedComponents(from: string, { policy, release }: WorkContext) {
  const before = releasesOf(policy, from) ?? [];
  return COMPONENTS.flatMap((component) => {
    const version = release?.[component];
    const isThere = before.length > 0 && before.every((other) => other[component] === version);
    if (release === undefined || version === undefined || isThere) return [];
    const reason = `${component} ${version} of release ${release.name}`;
    return [[component, { reason, disruptive: component === 'containerd' }] as const];
  });
}

/** "version v1.33.7 -> v1.34.3; files /etc/a, /etc/b; clusterConfiguration.featureGates" */
function reasonOf(subjects: readonly Subject[]): string {
  const byKind = Map.groupBy(subjects, (subject) => subject.kind);
  return [...byKind]
    .map(([kind, group]) => {
      const names = [...new Set(group.map((subject) => subject.name))];
      const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
      return `${kind === 'fields' ? '' : `${kind} `}${names.slice(0, MAX_NAMED).join(', ')}${more}`;
    })
    .join('; ');
}

/** The plan: the work, and what must be done around it, in the order in which a node goes through it. */
export function planSteps(role: Role, drain: Policy['drain'], work: Work): PlannedStep[] {
  const flip = [...work].filter(([name]) => name !== 'prepull');
  const disturbing = flip.filter(([, step]) => step.disruptive).map(([name]) => name);
  const planned = new Map<StepName, Effect>(work);
  const include = (name: StepName, reason: string, disruptive = false) =>
    planned.set(name, { reason, disruptive });
  include('preflight', 'always: cluster and node are checked before anything is touched');
  include('protect', 'always: nothing else may delete the Machine meanwhile');
  include(
    'backup',
    role === 'control-plane' ? 'always: etcd snapshot, configuration' : 'always: configuration',
  );
  if (flip.length > 0) include('stage', `prepares ${flip.map(([name]) => name).join(', ')}`);
  if (isDrained(drain, flip.length > 0, disturbing.length > 0)) {
    include('drain', drain === 'auto' ? `disturbed by ${disturbing.join(', ')}` : 'policy: always', true);
  }
  include('verify', 'always: the node must show what is wanted');
  include('complete', 'always: the result is recorded on the Machine');
  const steps = STEPS.flatMap(({ name, group }) => {
    const step = planned.get(name);
    return step ? [{ name, group, disruptive: step.disruptive, reason: step.reason }] : [];
  });
  return role === 'control-plane' ? drainedLate(steps) : steps;
}

/**
 * As kubeadm's documentation has it: of a control plane `kubeadm` restarts the static pods one after the other, which
 * takes minutes and disturbs no other pod. A new containerd may disturb all of them, and comes before it: if the node finds
 * that it has work, it is drained first all the same.
 */
function drainedLate(steps: PlannedStep[]): PlannedStep[] {
  const drain = steps.find(({ name }) => name === 'drain');
  if (!drain || !steps.some(({ name }) => name === 'kubeadm')) return steps;
  return steps.flatMap((step) => {
    if (step === drain) return [];
    return step.name === 'kubeadm' ? [step, drain] : [step];
  });
}

function isDrained(drain: Policy['drain'], isTouched: boolean, isDisturbed: boolean): boolean {
  switch (drain) {
    case 'auto':
      return isDisturbed;
    case 'always':
      return isTouched;
    case 'never':
      return false;
  }
}
