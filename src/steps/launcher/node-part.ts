// The part of a step that its node does: what it is given, who may disturb a control plane, the launch.
import { HAND_COMMANDS, type NodeCommand } from '../../api/commands.ts';
import type { NodeInput } from '../../api/node-input.ts';
import { isBad, type StepReport } from '../../api/step-result.ts';
import type { Role } from '../../api/steps.ts';
import { hasElsewhere } from '../api/elsewhere.ts';
import { nodePath } from '../api/paths.ts';
import { roleOf, targetVersion } from '../api/machine.ts';
import type { ApiStepContext } from '../api/api-step.ts';
import { checkInstalled } from './check-installed.ts';
import { chooseRelease } from './choose-release.ts';
import { releaseControlPlaneLease, takeControlPlaneLease } from './control-plane-lease.ts';
import { launchNodeStep } from './launch.ts';
import type { NodeJobInput } from './node-job.ts';
import { nodeIdentity, type MachineFacts } from './machine-facts.ts';
import { isFlipStep, needsDesired, nodeInput, NOTHING_DESIRED } from './node-input.ts';
import { readDesired } from './read-desired.ts';
import type { Remote } from './remote.ts';
import { untilManagementIsSteady } from './self-hosted.ts';

export interface NodePart {
  /** Text of the image map. */
  readImageMap: () => Promise<string>;
  /** Is the management cluster the one that is updated? */
  isSelfHosted: () => Promise<boolean>;
}

/** The pod has a deadline, and the step itself comes after this: Argo tries again. */
const MOST_LEASE_SECONDS = 300;

type Context = Pick<ApiStepContext, 'flags' | 'machine'>;

/** Errors: those of `launchNodeStep` and of `prepareNodePart`. */
export async function runNodePart(
  remote: Remote,
  command: NodeCommand,
  context: Context,
  facts: MachineFacts,
  part: NodePart,
): Promise<StepReport> {
  return launchPrepared(remote, await prepareNodePart(remote, command, context, facts, part));
}

export interface PreparedNodePart {
  launch: NodeJobInput;
  role: Role;
}

/**
 * All that comes before the launch; whoever disturbs a control plane holds its Lease then. Errors: BadInput when the input
 * cannot be made; Unavailable when the Lease is another's.
 */
export async function prepareNodePart(
  remote: Remote,
  command: NodeCommand,
  { flags, machine }: Context,
  facts: MachineFacts,
  { readImageMap }: NodePart,
): Promise<PreparedNodePart> {
  const role = roleOf(machine);
  const kubernetes = targetVersion({ flags, machine });
  const release = chooseRelease(await readImageMap(), flags, kubernetes, command);
  const object = await remote.workload.get(nodePath(facts.nodeName));
  const node = nodeIdentity(facts, object);
  const elsewhere =
    command === 'preflight' ? { hasElsewhere: await hasElsewhere(remote.workload, object) } : {};
  const desired = needsDesired(command) ? await readDesired(remote, flags, machine) : NOTHING_DESIRED;
  const input = nodeInput({
    command,
    flags,
    facts,
    role,
    node,
    kubernetes,
    release: release.name,
    desired,
    ...elsewhere,
  });
  await checkInstalled(remote);
  if (isDisturbing(role, command)) {
    const seconds = Math.min(flags.timeoutSeconds, MOST_LEASE_SECONDS);
    const { operation, namespace, name: machine } = facts;
    await takeControlPlaneLease(remote, { operation, namespace, machine, node }, seconds);
  }
  const { workflow, operation: number } = flags;
  return { launch: { workflow, number, input, image: release.image }, role };
}

/** Errors: those of `launchNodeStep`. */
export async function launchPrepared(
  remote: Remote,
  { launch, role }: PreparedNodePart,
): Promise<StepReport> {
  const { input, number } = launch;
  const report = await launchNodeStep(remote, launch);
  if (role === 'control-plane' && isOver(input, report, number)) {
    await releaseControlPlaneLease(remote, input.plan.operation);
  }
  return report;
}

/** Where the step's pod ends, and only there: it takes 10 s at least. Errors: Unavailable when it takes too long. */
export async function untilSteady(
  remote: Remote,
  command: NodeCommand,
  { machine }: Context,
  { isSelfHosted }: NodePart,
): Promise<void> {
  if (isDisturbing(roleOf(machine), command) && (await isSelfHosted())) await untilManagementIsSteady(remote);
}

function isDisturbing(role: Role, command: NodeCommand): boolean {
  return role === 'control-plane' && (command === 'drain' || isFlipStep(command) || isByHand(command));
}

function isByHand(command: NodeCommand): boolean {
  return HAND_COMMANDS.some((each) => each === command);
}

/** Does the node do nothing any more? What was started by hand has no exit handler that would ask it. */
function isOver({ step, plan }: NodeInput, report: StepReport, number?: number): boolean {
  if (step === 'finish') return report.outputs['host'] === 'idle';
  if (isByHand(step)) return true;
  const isLast = step === plan.steps.at(-1)?.name || isBad(report);
  return number === undefined && isFlipStep(step) && isLast;
}
