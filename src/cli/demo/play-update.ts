// One update as Cluster API does it: ask, update, poll until done.
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { HOOKS_API_VERSION, type Patch } from '../../api/hooks.ts';
import { OPERATION_ANNOTATION, RETRY_ANNOTATION } from '../../api/labels.ts';
import { knownRecord } from '../../api/operation.ts';
import { operationName } from '../../api/names.ts';
import type { EmbeddedStore } from '../../hook/embedded/store.ts';
import { hookPath, HOOKS } from '../../hook/hooks.ts';
import { duration } from '../../hook/progress.ts';
import type { MachineView, TaskView } from '../../hook/store.ts';
import type { Io, Paint } from '../io.ts';
import { hanging } from '../text.ts';
import { callHook, type HookTarget } from './hook-client.ts';

export interface Story {
  title: string;
  /** Fixture with a CanUpdateMachine or CanUpdateMachineSet request. */
  canUpdate: string;
  /** Fixture with the UpdateMachine request of the same change. */
  update: string;
}

interface Stage {
  target: HookTarget;
  store: EmbeddedStore;
  clock: Clock;
  io: Io;
  style: Paint;
  readFixture: (name: string) => Promise<string>;
}

/** More polls than any story needs: the demo ends whatever goes wrong. */
const MAX_POLLS = 200;

/** Returns what is left behind, by file name. Errors: Failed when the update does not end. */
export async function playUpdate(story: Story, stage: Stage): Promise<Record<string, unknown>> {
  const { io, style, store, clock } = stage;
  await ask(await stage.readFixture(story.canUpdate), stage);
  const body = await stage.readFixture(story.update);
  const { namespace, name } = machineOf(body);
  const started = clock.now();
  const show = showProgress(stage, started);

  say(io, 'UpdateMachine', `${namespace}/${name}, polled as CAPI does`);
  let hasFailed = false;
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    const { status, message, retryAfterSeconds } = await callHook(stage.target, pathOf(body), body);
    if (status !== 'Success')
      throw new StatusError(`UpdateMachine: ${String(message)}`, { reason: 'Failed' });
    show(view(store, namespace, name), String(message));
    if (retryAfterSeconds === 0) break;
    const machine = view(store, namespace, name);
    if (!hasFailed && readState(machine) === 'failed') {
      hasFailed = true;
      io.out(`\n   ${style.yellow('A person has repaired the node and asks for a retry:')}\n`);
      io.out(`   kubectl annotate machine -n ${namespace} ${name} ${RETRY_ANNOTATION}=\n\n`);
      await store.annotateMachine(machine, { [RETRY_ANNOTATION]: '' });
      continue;
    }
    await clock.sleep(Number(retryAfterSeconds));
  }
  const machine = view(store, namespace, name);
  if (readState(machine) !== 'succeeded')
    throw new StatusError(`${namespace}/${name} did not end`, { reason: 'Failed' });
  showMachine(machine, started, stage);
  return leftBehind(machine, store);
}

async function ask(body: string, { target, io, style }: Stage): Promise<void> {
  const request = JSON.parse(body) as { kind: string };
  const answer = await callHook(target, pathOf(body), body);
  say(io, request.kind.replace('Request', ''), style.green(String(answer['status'])));
  for (const [key, value] of Object.entries(answer).filter(([name]) => name.endsWith('Patch'))) {
    const { patch } = value as Patch;
    const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as {
      op: string;
      path: string;
      value?: unknown;
    }[];
    for (const { op, path, value } of operations) {
      io.out(`${hanging(`   ${key.padEnd(20)} `, `${op} ${path} ${JSON.stringify(value) ?? ''}`)}\n`);
    }
  }
}

/** Prints what changed since the last poll: steps that ended, and what Cluster API is told. */
function showProgress({ store, io, style, clock }: Stage, started: Date) {
  const shown = new Set<string>();
  let last = '';
  return (machine: MachineView, message: string): void => {
    const record = knownRecord(machine.annotations);
    if (!record) return;
    const workflow = store.workflow(machine.namespace, operationName(machine, record.number));
    if (workflow && !shown.has(workflow.name))
      io.out(`   ${'Workflow'.padEnd(20)} ${style.bold(workflow.name)}\n`);
    if (workflow) shown.add(workflow.name);
    for (const task of workflow?.tasks ?? []) {
      const key = `${record.number}/${task.name}`;
      if (task.finishedAt === undefined || shown.has(key)) continue;
      shown.add(key);
      io.out(`   ${duration(started, new Date(task.finishedAt)).padStart(6)}  ${taskLine(task, style)}\n`);
    }
    // A duration that grows is no news.
    const news = message.replace(/running \S+/, 'running');
    if (news !== last) {
      const heading = `   ${duration(started, clock.now()).padStart(6)}  told: `;
      io.out(`${hanging(heading, message, style.dim)}\n`);
    }
    last = news;
  };
}

function taskLine({ name, phase, message }: TaskView, style: Paint): string {
  const colour = phase === 'Succeeded' ? style.green : style.red;
  const isOwn = phase === 'Failed' || phase === 'Error';
  const why = isOwn && message !== undefined ? `: ${message}` : '';
  return `${name.padEnd(10)} ${colour(phase)}${why}`;
}

function showMachine(machine: MachineView, started: Date, { io, style, clock }: Stage): void {
  const record = machine.annotations[OPERATION_ANNOTATION] ?? '';
  io.out(
    `   ${style.bold('done')} after ${duration(started, clock.now())} of simulated time; the Machine now:\n`,
  );
  io.out(`     status.nodeInfo.kubeletVersion: ${machine.kubeletVersion ?? '?'}\n`);
  io.out(`     metadata.annotations[${OPERATION_ANNOTATION}]:\n`);
  io.out(`${hanging('       ', record.replaceAll(',"', ', "'), style.dim)}\n`);
}

function leftBehind(machine: MachineView, store: EmbeddedStore): Record<string, unknown> {
  const number = knownRecord(machine.annotations)?.number ?? 0;
  const { namespace, name, uid, labels, annotations, version, kubeletVersion, nodeName } = machine;
  const files: Record<string, unknown> = {
    [`machine-${name}`]: {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Machine',
      metadata: { namespace, name, uid, labels, annotations },
      spec: { clusterName: machine.cluster, version },
      status: { nodeRef: { name: nodeName }, nodeInfo: { kubeletVersion } },
    },
  };
  for (let operation = 1; operation <= number; operation += 1) {
    const workflow = operationName(machine, operation);
    files[`workflow-${workflow}`] = store.workflowObject(namespace, workflow);
  }
  return files;
}

function pathOf(body: string): string {
  const { kind, apiVersion } = JSON.parse(body) as { kind: string; apiVersion: string };
  const row = HOOKS.find(({ hook }) => kind === `${hook}Request` && apiVersion === HOOKS_API_VERSION);
  if (!row)
    throw new StatusError(`fixture: got kind ${kind}, expected a request of Cluster API`, {
      reason: 'BadInput',
    });
  return hookPath(row);
}

function machineOf(body: string): { namespace: string; name: string } {
  const { desired } = JSON.parse(body) as {
    desired: { machine: { metadata: { namespace: string; name: string } } };
  };
  return desired.machine.metadata;
}

function view(store: EmbeddedStore, namespace: string, name: string): MachineView {
  const machine = store.machine(namespace, name);
  if (!machine) throw new StatusError(`Machine ${namespace}/${name} not found`, { reason: 'NotFound' });
  return machine;
}

function readState(machine: MachineView): string | undefined {
  return knownRecord(machine.annotations)?.state;
}

function say(io: Io, what: string, text: string): void {
  io.out(`   ${what.padEnd(20)} ${text}\n`);
}
