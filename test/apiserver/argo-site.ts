// A namespace with Argo's controller and the step templates, operations in it, and what became of them.
import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from '../../src/cli/clock.ts';
import { stepTemplatesName } from '../../src/generators/names.ts';
import { stepTemplates } from '../../src/generators/step-templates.ts';
import { updateMachineWorkflow } from '../../src/generators/update-machine.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import type { WorkflowView } from '../../src/hook/store.ts';
import { planUpdate } from '../../src/plan/decide.ts';
import { eventually } from '../helpers/eventually.ts';
import { NO_FACTS, recorded, updateMachine } from '../helpers/requests.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { startArgoController } from './argo-controller.ts';
import { type PlayedEvent, type Script, startPodPlayer } from './pod-player.ts';
import { policy, STRICT } from './site.ts';

const REQUESTS = {
  'control-plane': 'kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json',
  worker: 'md-version-1.33-to-1.34/02-updatemachine-refit-md-0-gb7wv-fmtz5.json',
};
const TEMPLATES = '/apis/argoproj.io/v1alpha1/clusterworkflowtemplates';

export interface Operation {
  script: Script;
  /** Default: one of its own, so that it need not wait for its turn. */
  cluster?: string;
  role?: keyof typeof REQUESTS;
}

/** By machine. */
export type Operations = Readonly<Record<string, Operation>>;

export interface ArgoSite {
  /** All at once. `limits`: Cluster -> how many workers at once. */
  start(operations: Operations, limits: Readonly<Record<string, number>>): Promise<void>;
  view(machine: string): WorkflowView | undefined;
  /** Waits for the end of its Workflow. */
  ended(machine: string): Promise<WorkflowView>;
  stopWorkflow(machine: string): Promise<void>;
  expireWorkflow(machine: string): Promise<void>;
  /** What happened to its pods; without a machine to all. */
  events(machine?: string): PlayedEvent[];
  close(): Promise<void>;
}

const PATIENCE_SECONDS = 50;

/** Errors: what could not be started; then nothing runs. */
export async function createArgoSite(kubeconfigPath: string): Promise<ArgoSite> {
  const kubeConfig = kubeConfigOf(kubeconfigPath);
  const api = apiOf(kubeConfig);
  const store = kubernetesStore({ kubeConfig, clock: systemClock(), log: silent });
  const id = randomBytes(4).toString('hex');
  const namespace = `refit-argo-${id}`;
  const version = `0.0.0-argo-${id}`;
  /** Workflow -> how its pods go. */
  const scripts = new Map<string, Script>();
  /** Machine -> its Workflow. */
  const names = new Map<string, string>();
  const nameOf = (machine: string) => names.get(machine) ?? '';
  const view = (machine: string) => store.workflow(namespace, nameOf(machine));

  await expectOk(api.create('/api/v1/namespaces', { metadata: { name: namespace } }));
  await expectOk(api.create(TEMPLATES + STRICT, templatesWithShortBackoff(version)));
  const controller = await startArgoController(api, kubeconfigPath, namespace);
  const player = startPodPlayer(api, namespace, (current) => scripts.get(current.workflow)?.(current));
  await store.start();
  return {
    async start(operations, limits) {
      await eventually('store ready', () => store.ready());
      for (const [name, limit] of Object.entries(limits)) {
        await store.limitWorkers({ namespace, name, uid: randomUUID(), labels: {} }, limit);
      }
      for (const [machine, operation] of Object.entries(operations)) {
        const workflow = workflowOf({ namespace, machine, version }, operation);
        const name = workflow.metadata?.name ?? '';
        names.set(machine, name);
        scripts.set(name, operation.script);
        await store.createWorkflow(workflow);
      }
    },
    view,
    async ended(machine) {
      await eventually(`${machine} ended`, () => view(machine)?.finishedAt !== undefined, PATIENCE_SECONDS);
      return view(machine) as WorkflowView;
    },
    stopWorkflow: (machine) => store.stopWorkflow(namespace, nameOf(machine)),
    expireWorkflow: (machine) => store.expireWorkflow(namespace, nameOf(machine)),
    events: (machine) =>
      player.events.filter(({ workflow }) => machine === undefined || workflow === nameOf(machine)),
    async close() {
      await controller.stop();
      await store.close();
      await expectOk(api.delete(`${TEMPLATES}/${stepTemplatesName(version)}`));
      await player.stop();
    },
  };
}

function workflowOf(
  { namespace, machine, version }: { namespace: string; machine: string; version: string },
  { cluster = machine, role = 'control-plane' }: Operation,
) {
  const plan = planUpdate(updateMachine(recorded(REQUESTS[role])), policy, NO_FACTS);
  const identity = { namespace, name: machine, uid: randomUUID(), cluster };
  return updateMachineWorkflow({ machine: identity, number: 1, plan, policy, version });
}

/** As they are shipped, but the first retry comes after 1 s instead of 10 s. */
function templatesWithShortBackoff(version: string) {
  const shipped = stepTemplates({ version, image: `example.com/refit@sha256:${'0'.repeat(64)}` });
  const templates = shipped.spec.templates?.map((template) => ({
    ...template,
    retryStrategy: {
      ...template.retryStrategy,
      backoff: { ...template.retryStrategy?.backoff, duration: '1s' },
    },
  }));
  return { ...shipped, spec: { ...shipped.spec, templates } };
}
