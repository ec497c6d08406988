// `refit rollback`: what can be undone of the last operation on a Machine, and, with --yes, that it is undone.
import { EXIT } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../../api/labels.ts';
import { rollbackWorkflow, type RollbackInput } from '../../generators/rollback.ts';
import { MACHINES, WORKFLOWS } from '../../hook/kubernetes/resources.ts';
import type { WorkflowView } from '../../hook/store.ts';
import { followWorkflow } from '../follow-workflow.ts';
import { installedImageMap } from '../installed-image-map.ts';
import type { Io } from '../io.ts';
import { withManagement, type Management, type ManagementFlags } from '../management.ts';
import { patience } from '../patience.ts';
import { decideRollback, type RollbackPlan } from '../rollback/decision.ts';
import { runningRollback } from '../rollback/find-rollbacks.ts';
import { endOf, lookAtNode } from '../rollback/look.ts';
import { chooseStepTemplates, readSituation, type RollbackSituation } from '../rollback/read.ts';
import { lookText, rollbackText } from '../rollback/text.ts';
import { tell } from '../tell.ts';
import { hanging } from '../text.ts';

export interface RollbackFlags extends ManagementFlags {
  yes?: boolean;
  /** Although it is not known what is lost, or Argo or Cluster API live there. */
  force?: boolean;
  /** false: --no-wait */
  wait: boolean;
}

const RETENTION_SECONDS = 86_400;

/** Errors: BadInput when nothing can be undone, with the reason; those of the client. */
export function rollback(name: string, flags: RollbackFlags, io: Io): Promise<number> {
  return withManagement(flags, async (management) => {
    const { client, namespace } = management;
    const situation = await readSituation(client, namespace, name);
    const running = runningRollback(situation.rollbacks);
    if (running !== undefined) {
      io.err(`A rollback runs already: Workflow ${namespace}/${running}\n`);
      return flags.wait ? wait(running, management, io) : EXIT.done;
    }
    const plan = decideRollback(situation);
    if ('refusal' in plan)
      throw new StatusError(`Machine ${namespace}/${name}: ${plan.refusal}`, { reason: 'BadInput' });
    await installedImageMap(client, namespace);
    const stepTemplates = await chooseStepTemplates(client, situation.stepTemplates);
    io.out(rollbackText(situation.machine, plan, io.hasColour));
    if (plan.isFlipped) {
      const look = await lookAtNode(situation, plan, stepTemplates, management, io);
      if (look) io.out(`\n${lookText(look.message, io.hasColour)}`);
      if (look?.mayGoBack !== true && flags.force !== true) {
        io.err(`Nothing was done${look ? '' : ': the node has not said what would be lost'}.\n`);
        return EXIT.failed;
      }
    }
    if (flags.yes !== true) {
      io.out(`\nNothing was done. To do it: refit rollback -n ${namespace} ${name} --yes\n`);
      return EXIT.done;
    }
    const dataLoss = flags.force === true ? 'force' : plan.isFlipped ? 'accept' : 'refuse';
    const workflow = await begin(situation, plan, { stepTemplates, dataLoss }, management);
    io.out(`\nWorkflow ${namespace}/${workflow}\n`);
    return flags.wait ? wait(workflow, management, io) : EXIT.done;
  });
}

/**
 * The mark comes first, and only if nothing has happened to the Machine since: from then on the server starts nothing, also
 * not what was asked for before. Without a Workflow it is taken away again.
 */
async function begin(
  { machine, rollbacks }: RollbackSituation,
  { role, record }: RollbackPlan,
  given: Pick<RollbackInput, 'stepTemplates' | 'dataLoss'>,
  { client, namespace }: Management,
): Promise<string> {
  const { from, number } = record;
  const path = MACHINES.path(namespace, machine.name);
  const mark = (value: string | null, resourceVersion?: string) =>
    client.mergePatch(path, {
      metadata: {
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        annotations: { [BLOCKED_ANNOTATION]: value, [RETRY_ANNOTATION]: null },
      },
    });
  const before = machine.annotations[BLOCKED_ANNOTATION] ?? null;
  await mark(`a rollback of operation ${number} was asked for`, machine.resourceVersion);
  const workflow = rollbackWorkflow({
    machine,
    role,
    number,
    attempt: (rollbacks.at(-1)?.attempt ?? 0) + 1,
    ...(from === undefined ? {} : { to: from }),
    ...given,
    retentionSeconds: RETENTION_SECONDS,
  });
  try {
    await client.create(WORKFLOWS.path(namespace), workflow);
  } catch (error) {
    await mark(before);
    throw error;
  }
  return workflow.metadata?.name ?? '';
}

async function wait(name: string, management: Management, io: Io): Promise<number> {
  const { namespace } = management;
  let last = '';
  const ended = await followWorkflow(management, namespace, name, patience(io), (workflow) => {
    const line = progressOf(workflow);
    if (line !== last && workflow.finishedAt === undefined) tell(io, line);
    last = line;
  });
  if (!ended) {
    io.err('Not waited for any more: it goes on, and the same command takes it up again.\n');
    return EXIT.failed;
  }
  const message = endOf(ended);
  if (ended.phase === 'Succeeded') {
    io.out(`${hanging('', `Rolled back: ${message}`)}\n`);
    io.out('The Machine is marked blocked: `refit retry` goes forward again.\n');
    return EXIT.done;
  }
  tell(io, `rollback failed: ${message}`, 'refit: ');
  io.err('The Machine stays marked blocked. The same command tries again.\n');
  return EXIT.failed;
}

function progressOf({ phase, message, tasks }: WorkflowView): string {
  if (tasks[0]?.phase === 'Running') return 'the node is being put back';
  if (phase === 'Pending')
    return message === undefined ? 'waiting for Argo to start it' : `waiting for its turn: ${message}`;
  return `${phase}${message === undefined ? '' : `: ${message}`}`;
}
