// Whole steps on the stand-in, which is both clusters: a Machine, its configuration and its Node are there.
import type { StepCommand } from '../../../src/api/commands.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { boundedName } from '../../../src/api/names.ts';
import { nodeInputSchema, type NodeInput } from '../../../src/api/node-input.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import type { ApiStep, StepFlags } from '../../../src/steps/api/api-step.ts';
import { runStep, type StepEnd, type StepTools } from '../../../src/steps/launcher/run-step.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';
import { IMAGE_MAP, sampleConfig, sampleMachine, sampleNode, sampleReport, sampleSecret } from './samples.ts';

export const MACHINES = '/apis/cluster.x-k8s.io/v1beta2/machines';
export const LEASE = {
  collection: '/apis/coordination.k8s.io/v1/leases',
  namespace: 'capi-refit-node',
  name: 'refit-control-plane',
};

export interface StepSite extends Omit<LaunchSite, 'played' | 'startPod'> {
  tools: StepTools;
  put(collection: string, namespace: string, object: JsonObject): void;
  withApi(command: StepCommand, step: { before?: ApiStep; after?: ApiStep }): void;
  run(command: StepCommand, flags: StepFlags): Promise<StepEnd>;
  /** Runs a step whose Job's container ends like this. */
  played(command: StepCommand, flags: StepFlags, report?: StepReport, code?: number): Promise<StepEnd>;
  startPod(command: StepCommand, flags: StepFlags): Promise<string>;
  /** Of the Lease. */
  holder(): string | undefined;
  /** What the first Secret took to the node. */
  inputSent(): NodeInput;
}

export async function stepSite(): Promise<StepSite> {
  const launch = await launchSite();
  const { server, jobs } = launch;
  const tools: StepTools = {
    ...launch.remote,
    apiSteps: new Map(),
    readImageMap: async () => IMAGE_MAP,
    isSelfHosted: async () => false,
  };
  const site: StepSite = {
    ...launch,
    tools,
    put(collection, namespace, object) {
      server.data.create({ collection, namespace, name: text(object, 'metadata', 'name') ?? '' }, object);
    },
    withApi: (command, step) => void (tools.apiSteps = new Map([[command, step]])),
    run: (command, flags) => runStep(command, flags, tools),
    async played(command, flags, report = sampleReport(), code = 0) {
      const ended = site.run(command, flags);
      await site.pass(2);
      jobs.end(await site.startPod(command, flags), code, report);
      await site.pass(20);
      return ended;
    },
    async startPod(command, flags) {
      const job = boundedName(flags.workflow, `-${command}`);
      await site.until(() => jobs.secret(job) !== undefined);
      const pod = jobs.makePod(job);
      jobs.run(pod);
      return pod;
    },
    holder: () => text(server.data.get(LEASE), 'spec', 'holderIdentity'),
    inputSent() {
      const secret = server.requests.find(({ path }) => path.endsWith('/secrets'))?.body;
      const content = Buffer.from(text(secret, 'data', 'input.json') ?? '', 'base64').toString();
      return nodeInputSchema.parse(JSON.parse(content));
    },
  };
  site.put(MACHINES, 'lab', sampleMachine());
  site.put('/apis/bootstrap.cluster.x-k8s.io/v1beta2/kubeadmconfigs', 'lab', sampleConfig());
  site.put('/api/v1/secrets', 'lab', sampleSecret());
  site.put('/api/v1/nodes', '', sampleNode());
  return site;
}
