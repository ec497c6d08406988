// What of the last operation on a Machine can be undone, what cannot, and why. Pure.
import { parseJson } from '../../api/json.ts';
import { CONTROL_PLANE_LABEL } from '../../api/labels.ts';
import { isFinal, readRecord, type OperationRecord } from '../../api/operation.ts';
import { hasFlipped, NOT_BEGUN, NOTHING_TO_DO, stepResultSchema } from '../../api/step-result.ts';
import { FLIP_STEPS, type FlipStep, type Role } from '../../api/steps.ts';
import { MAX_KUBELET_SKEW, parseVersion } from '../../api/version.ts';
import type { MachineView, TaskView, WorkflowView } from '../../hook/store.ts';

export interface RollbackFacts {
  machine: MachineView;
  /** Of the operation; it may be gone. */
  workflow?: WorkflowView;
  /** Workflow that has put it back already. */
  rolledBack?: string;
  /** The newest that an API server of the Cluster may be at. */
  apiServerVersion?: string;
}

export interface RollbackPlan {
  role: Role;
  record: OperationRecord;
  /** Its control plane was flipped; false also when that is not known any more. */
  isFlipped: boolean;
  /** By step, the last one first, as the node goes. */
  undone: readonly { step: FlipStep; what: string }[];
  /** What stays as it is, or may stay, with the reason. */
  stays: readonly string[];
}

const NOT_UNDONE: readonly FlipStep[] = ['verify'];
const OF_CONTROL_PLANE: readonly FlipStep[] = ['kubeadm', 'configure'];

/** After so long etcd's history does not reach back. */
const FLIPPED =
  '. If it was flipped (its Workflow is gone, which would tell), it goes back as a whole; where the data of etcd must go back ' +
  'for that, only by --force, and all that was written since is lost';

const WHAT: Readonly<Record<Exclude<FlipStep, 'verify'>, string>> = {
  containerd: 'containerd and its configuration; it restarts, containers go on',
  cni: 'the CNI plugins',
  kubeadm: 'kubeadm and what it wrote in /etc/kubernetes and /var/lib/kubelet',
  configure: 'files, kubelet arguments and certificates that were written',
  kubelet: 'kubelet, kubectl and their configuration; the kubelet restarts, pods go on',
};

export function decideRollback(facts: RollbackFacts): RollbackPlan | { refusal: string } {
  const { machine, workflow } = facts;
  const record = readRecord(machine.annotations);
  const refusal = refusalOf(facts, record);
  if (refusal !== undefined) return { refusal };
  const last = record as OperationRecord;
  const role = CONTROL_PLANE_LABEL in machine.labels ? 'control-plane' : 'worker';
  const begun = workflow && begunSteps(workflow);
  const steps = FLIP_STEPS.filter((step) => !NOT_UNDONE.includes(step) && (begun?.includes(step) ?? true));
  if (begun && steps.length === 0) {
    return { refusal: `operation ${last.number} had not begun to change the node: there is nothing to undo` };
  }
  const isFlip = role === 'control-plane' && workflow !== undefined && isFlipped(workflow);
  return {
    role,
    record: last,
    isFlipped: isFlip,
    undone: steps.reverse().map((step) => ({ step, what: WHAT[step as keyof typeof WHAT] })),
    stays: [...(isFlip ? [] : newerRuns(role, last, steps, workflow === undefined)), ...stays(last)],
  };
}

function refusalOf(
  { machine, rolledBack, apiServerVersion }: RollbackFacts,
  record: ReturnType<typeof readRecord>,
): string | undefined {
  if (machine.deleting) return 'it is being deleted';
  if (machine.nodeName === undefined) return 'it has no Node';
  if (record === undefined) return 'Refit has done nothing on it: there is nothing to undo';
  if (record === 'invalid') return 'its operation record is unreadable: correct or remove the annotation';
  const what = `operation ${record.number}`;
  if (!isFinal(record)) {
    return `${what} is ${record.state}: wait for its end (\`refit status -w\`), or stop its Workflow in Argo; then roll back`;
  }
  if (record.host === 'working') {
    return `the node still works on ${what}: wait, or end it there (\`/var/lib/refit/refit host cancel\`); then roll back`;
  }
  if (rolledBack !== undefined)
    return `${what} was rolled back already (Workflow ${rolledBack}): \`refit retry\` goes forward again`;
  return skewOf(record, apiServerVersion);
}

/** The rest of the cluster may have gone on since. */
function skewOf({ from }: OperationRecord, apiServerVersion: string | undefined): string | undefined {
  if (from === undefined || apiServerVersion === undefined) return undefined;
  const [node, server] = [parseVersion(from, 'record'), parseVersion(apiServerVersion, 'Node')];
  if (server.minor - node.minor <= MAX_KUBELET_SKEW) return undefined;
  return `its kubelet would go back to ${from}, too old for the API server (${apiServerVersion}): at most ${MAX_KUBELET_SKEW} minor versions apart`;
}

function begunSteps({ tasks }: WorkflowView): FlipStep[] {
  const begun = tasks.filter(({ phase }) => !['Pending', 'Skipped', 'Omitted'].includes(phase));
  return FLIP_STEPS.filter((step) => begun.some((task) => task.name === step && !hasOnlyWaited(task)));
}

/** Its pod was there from the beginning. */
function hasOnlyWaited({ message = '', outputs }: TaskView): boolean {
  return message.includes(NOT_BEGUN) || outputs['message'] === NOTHING_TO_DO;
}

/** What the step says that it changed (api/step-result.ts). */
function isFlipped({ tasks }: WorkflowView): boolean {
  const result = tasks.find(({ name }) => name === 'kubeadm')?.outputs['result'] ?? '';
  const parsed = stepResultSchema.safeParse(parseJson(result));
  return parsed.success && hasFlipped(parsed.data);
}

/** What kubeadm moved one after the other. */
function newerRuns(
  role: Role,
  { from, to }: OperationRecord,
  steps: readonly FlipStep[],
  mayBeFlipped: boolean,
): string[] {
  const moved = OF_CONTROL_PLANE.filter((step) => steps.includes(step));
  if (role !== 'control-plane' || moved.length === 0) return [];
  const when =
    from === to ? 'if a newer etcd or API server has run' : 'as soon as the newer etcd or API server has run';
  return [
    `${moved.join(', ')}: not undone ${when}, since what it wrote an older one cannot read; the node looks, and undoes ` +
      `only kubelet, cni and containerd then${mayBeFlipped ? FLIPPED : ''}`,
  ];
}

function stays({ to }: OperationRecord): string[] {
  return [
    `what Cluster API asks for: its Machine still says ${to}, and the control plane's ConfigMaps do`,
    'a cordon of the Node: `kubectl uncordon` when pods may run there',
  ];
}
