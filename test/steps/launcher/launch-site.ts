// A launch on the stand-in of a workload cluster, with time that stands still.
import type { JsonObject } from '../../../src/api/json.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { createApiClient } from '../../../src/kubernetes/api-client.ts';
import { launchNodeStep } from '../../../src/steps/launcher/launch.ts';
import { inputSecret, nodeJob } from '../../../src/steps/launcher/node-job.ts';
import { patientClient } from '../../../src/steps/launcher/patient-client.ts';
import type { Remote } from '../../../src/steps/launcher/remote.ts';
import { NODE_NAMESPACE } from '../../../src/api/install.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { fakeClock, type FakeClock } from '../../helpers/clock.ts';
import { JOBS } from '../../helpers/node-jobs.ts';
import { NodeJobsServer } from '../../helpers/node-jobs-server.ts';
import { trackedClient } from '../../helpers/tracked-client.ts';
import { until } from '../../helpers/until.ts';
import { IMAGE, OPERATION, sampleInput } from './samples.ts';

export interface LaunchSite {
  server: ApiServer;
  jobs: NodeJobsServer;
  clock: FakeClock;
  remote: Remote;
  /** Name of the Job. */
  job: string;
  /** The log of the step pod. */
  lines: string[];
  launch(): Promise<StepReport>;
  /** A launch whose pod does this once it runs. */
  played(end: (pod: string) => void): Promise<StepReport>;
  jobMade(): Promise<void>;
  makePod(): string;
  /** Once there is a Job: a pod whose container runs. */
  startPod(): Promise<string>;
  makeJob(input?: NodeInput): void;
  makeSecret(owner: string): void;
  deleteJob(): void;
  deleteJobOf(step: string): void;
  deleteSecret(): void;
  markDeleted(): void;
  removeMarked(): void;
  stop(): void;
  /** So many seconds, with time for the sockets in between. */
  pass(seconds: number): Promise<void>;
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function launchSite(): Promise<LaunchSite> {
  const server = new ApiServer();
  await server.start();
  const jobs = new NodeJobsServer(server);
  const clock = fakeClock();
  const lines: string[] = [];
  const stopping = new AbortController();
  const log = (line: string): void => void lines.push(line);
  const client = trackedClient(createApiClient(server.kubeConfig(), clock));
  const { signal } = stopping;
  const workload = patientClient(client, { name: 'workload cluster', clock, log, signal });
  const remote: Remote = { management: workload, workload, clock, log, signal };
  const launch = { workflow: OPERATION, number: 3, input: sampleInput(), image: IMAGE };
  const job = nodeJob(launch).metadata?.name ?? '';
  const place = { collection: JOBS, namespace: NODE_NAMESPACE, name: job };
  const secret = { ...place, collection: '/api/v1/secrets' };

  const site: LaunchSite = {
    ...{ server, jobs, clock, remote, job, lines },
    launch: () => launchNodeStep(remote, launch),
    async played(end) {
      const launched = site.launch();
      launched.catch(() => undefined);
      for (let left = 10; left > 0 && server.count('create', 'jobs') === 0; left -= 1) await site.pass(1);
      end(await site.startPod());
      await site.pass(15);
      return launched;
    },
    jobMade: () => until(() => jobs.job(job) !== undefined, 'Job made'),
    makePod: () => jobs.makePod(job),
    async startPod() {
      await site.jobMade();
      await until(() => jobs.secret(job) !== undefined, 'Secret made');
      const pod = jobs.makePod(job);
      jobs.run(pod);
      await site.pass(3);
      await until(() => jobs.readers > 0, 'log read');
      return pod;
    },
    makeJob: (input = launch.input) => {
      server.data.create(place, JSON.parse(JSON.stringify(nodeJob({ ...launch, input }))) as JsonObject);
    },
    makeSecret: (uid) => {
      const made = inputSecret({ name: job, uid }, launch.input);
      server.data.create(secret, JSON.parse(JSON.stringify(made)) as JsonObject);
    },
    deleteJob: () => void server.data.delete(place),
    deleteJobOf: (step) => void server.data.delete({ ...place, name: `${OPERATION}-${step}` }),
    deleteSecret: () => void server.data.delete(secret),
    markDeleted: () => {
      server.data.patch(place, { metadata: { finalizers: ['foregroundDeletion'] } });
      server.data.delete(place);
    },
    removeMarked: () => void server.data.patch(place, { metadata: { finalizers: null } }),
    stop: () => stopping.abort(),
    pass: (seconds) => client.pass(clock, seconds),
    until: (condition) => until(condition),
    async close() {
      stopping.abort();
      await clock.settle();
      await client.close();
      await server.stop();
    },
  };
  jobs.install();
  return site;
}
