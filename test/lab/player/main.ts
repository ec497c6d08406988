// Plays kubelets and nodes of the lab: runs Argo's step pods with the product's own code, and what they start on nodes.
//   node test/lab/player/main.ts --kubeconfig FILE [--speed 5] [--pods 400]
import { parseArgs } from 'node:util';
import { systemClock } from '../../../src/cli/clock.ts';
import type { Log } from '../../../src/hook/log.ts';
import { createApiClient, type ApiClient } from '../../../src/kubernetes/api-client.ts';
import { connect } from '../../../src/kubernetes/connect.ts';
import { patientClient } from '../../../src/steps/launcher/patient-client.ts';
import { createClusters } from './clusters.ts';
import { keepPods } from './kubelet.ts';
import { runPod } from './run-pod.ts';
import { configMapScript } from './script.ts';

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    /** Of the time that steps wait; dates are real. */
    speed: { type: 'string', default: '5' },
    /** That run at once. */
    pods: { type: 'string', default: '400' },
  },
});
if (values.kubeconfig === undefined) throw new Error('--kubeconfig: got nothing, expected a file');

// What runs is begun anew by whoever plays next, as nothing is kept here.
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0));

const print = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const tell = (keys: object, message: string): void => {
  const { err, ...others } = keys as { err?: Error };
  print(`${message} ${JSON.stringify(others)} ${err?.stack ?? ''}`);
};
const log: Log = { info: tell, warn: tell, error: tell };

const clock = systemClock();
const adminConfig = connect(values.kubeconfig);
const client = createApiClient(adminConfig, clock);
const signal = new AbortController().signal;
const patient = (each: ApiClient) =>
  patientClient(each, { name: 'management cluster', clock, log: print, signal });
const admin = patient(client);
const script = configMapScript(admin, clock);
const clusters = createClusters({ adminConfig, admin, script, clock, log: print });
const stage = { clusters, script, clock: { ...systemClock(Number(values.speed)), now: () => clock.now() } };
/** Each as on a node of its own: a client lets only so many requests through at once. */
const run = (pod: Parameters<typeof runPod>[0], stop: AbortSignal): Promise<void> =>
  runPod(pod, { admin: patient(createApiClient(adminConfig, clock)), stage, clock, log: print }, stop);

print(`steps wait ${values.speed} times faster`);
const ready = (): void => void process.stdout.write('ready\n');
await keepPods({ client, patient: admin, clock, log, limit: Number(values.pods), ready, run }, signal);
