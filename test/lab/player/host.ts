// The hosts of a cluster, for the launches of their Jobs: quiet steps at once, the flip group by the operation's unit. Its
// reports are kept on the Node: they outlive this process.
import type { Clock } from '../../../src/api/clock.ts';
import { badInput, StatusError } from '../../../src/api/errors.ts';
import type { HostPlan } from '../../../src/api/host-plan.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import { stepReportSchema, type StepReport } from '../../../src/api/step-result.ts';
import { isFlipStep, type FlipStep } from '../../../src/api/steps.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { nodePath } from '../../../src/steps/api/paths.ts';
import { makeReport } from '../../../src/steps/operation/reports.ts';
import { performOnNode, rollBack, type NodeWorld, type WorkStep } from './host-steps.ts';
import { readRecord, writeDrained, writeReport } from './host-record.ts';
import { hasWork } from './node-object.ts';
import type { Script } from './script.ts';
import { startUnit, type Unit } from './unit.ts';

/** The real one waits for as long as its timeout allows: here somebody wants to see that the node still works. */
const FINISH_SECONDS = 3;

export interface HostsOptions extends NodeWorld {
  script: Script;
  /** The real one. */
  clock: Clock;
}

export interface Hosts {
  /** Errors: BadInput for a plan that is for another machine. */
  launch(input: NodeInput): Promise<StepReport>;
}

export function playedHosts({ script, clock, ...world }: HostsOptions): Hosts {
  /** By Node. */
  const units = new Map<string, Unit>();
  const forEver = new AbortController().signal;

  async function launch(input: NodeInput): Promise<StepReport> {
    const { step, plan } = input;
    const node = await world.server.get(nodePath(plan.node.name));
    const uid = text(node, 'metadata', 'uid');
    if (uid !== plan.node.uid) throw badInput('plan.node.uid', plan.node.uid, uid ?? 'none');
    if (step === 'finish') return finish(input);
    if (step === 'rollback') return report(plan, step, () => rollBack(world, plan));
    if (step === 'drain') return drain(input);
    if (!isFlipStep(step)) return perform(input, step);
    return (await attach(plan, step)) ?? perform(input, step);
  }

  /** undefined: there is nothing to attach to, as nothing was handed over: `verify` may look all the same. */
  async function attach(plan: HostPlan, step: FlipStep): Promise<StepReport | undefined> {
    const { operation, node } = plan;
    const { reports, drained } = await readRecord(world.server, plan);
    const isIdle =
      Object.keys(reports).length === 0 && !hasWork(await world.server.get(nodePath(node.name)), plan);
    await othersEnded(plan);
    if (units.get(node.name)?.operation !== operation && step === 'verify' && isIdle) return undefined;
    const unit = handOver(plan);
    if (drained === true) unit.goOn();
    return unit.report(step);
  }

  /** Lets the node go on, or ends what it does. */
  async function drain({ plan, drained }: NodeInput): Promise<StepReport> {
    if (drained === true) await writeDrained(world.server, plan);
    await othersEnded(plan);
    const unit = handOver(plan);
    if (drained === true) unit.goOn();
    else unit.cancel();
    return report(plan, 'drain', async () => ({ message: drained ? 'the node goes on' : 'told to stop' }));
  }

  async function othersEnded({ operation, node }: HostPlan): Promise<void> {
    let unit = units.get(node.name);
    for (; unit?.isWorking() && unit.operation !== operation; unit = units.get(node.name)) await unit.ended;
  }

  function handOver(plan: HostPlan): Unit {
    const known = units.get(plan.node.name);
    if (known?.operation === plan.operation) return known;
    const unit = startUnit(plan, (next) => performOnce(plan, next), clock);
    units.set(plan.node.name, unit);
    return unit;
  }

  async function performOnce(plan: HostPlan, step: FlipStep): Promise<StepReport> {
    const known = (await readRecord(world.server, plan)).reports[step];
    if (known !== undefined) return known;
    const made = await perform({ plan }, step);
    await writeReport(world.server, plan, made);
    return made;
  }

  function perform(
    { plan, hasElsewhere = false }: Pick<NodeInput, 'plan' | 'hasElsewhere'>,
    step: WorkStep,
  ): Promise<StepReport> {
    return report(plan, step, async () => {
      const { namespace, name: machine } = plan.machine;
      await script.obey({ namespace, machine, step }, forEver);
      return performOnNode(world, step, plan, hasElsewhere);
    });
  }

  async function report(
    { operation }: HostPlan,
    step: NodeInput['step'],
    work: () => ReturnType<typeof performOnNode>,
  ): Promise<StepReport> {
    const time = { clock, since: clock.now() };
    try {
      const { message, changes = [], outputs = {} } = await work();
      const made = makeReport(
        { operation, step },
        changes.length > 0 ? 'changed' : 'unchanged',
        message,
        time,
      );
      return stepReportSchema.parse({ result: { ...made.result, changes }, outputs });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return makeReport({ operation, step }, 'failed', error.message, time);
    }
  }

  async function finish({ plan, workflowStatus }: NodeInput): Promise<StepReport> {
    const unit = units.get(plan.node.name);
    const isOurs = unit?.operation === plan.operation;
    if (isOurs && workflowStatus !== 'Succeeded') unit.cancel();
    if (isOurs) await Promise.race([unit.ended, clock.sleep(FINISH_SECONDS)]);
    const isWorking = isOurs && unit.isWorking();
    return report(plan, 'finish', async () => {
      await script.obey(
        { namespace: plan.machine.namespace, machine: plan.machine.name, step: 'finish' },
        forEver,
      );
      return {
        message: isWorking
          ? 'the node still works on it'
          : 'nothing of the operation works on this node any more',
        outputs: { host: isWorking ? 'working' : 'idle' },
      };
    });
  }

  return { launch };
}
