// `node test/e2e/observe.ts --kubeconfig FILE --namespace NS --machine NAME`: what the next update of a Machine of your own
// cluster costs, whoever asks for it. It only looks, and writes one ConfigMap (e2e-writes in `default`).
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isFinal } from '../../src/api/operation.ts';
import { STEPS } from '../../src/api/steps.ts';
import type { StepResult } from '../../src/api/step-result.ts';
import { text } from '../../src/kubernetes/fields.ts';
import { machinePath } from '../../src/steps/api/paths.ts';
import { apiOf, expectOk, kubeConfigOf } from '../apiserver/api.ts';
import { found } from '../helpers/eventually.ts';
import { runMain } from '../helpers/run-main.ts';
import { flipResults, spanSeconds } from './kit/host-reports.ts';
import { operation, type ManagedApi, resultsOf, workflow } from './kit/operation.ts';
import { failures, outageSeconds, secondsTrue } from './measure/gaps.ts';
import { type Observations, watch } from './measure/watch.ts';

const USAGE =
  'expected --kubeconfig FILE --namespace NS --machine NAME [--management-kubeconfig FILE] [--url URL]';
const AFTERWARDS_SECONDS = 40;
const BEGIN_SECONDS = 24 * 3600;
const END_SECONDS = 2 * 3600;

async function main(args: string[]): Promise<number> {
  const { kubeconfig, management, namespace, name, url } = options(args);
  const site = { api: apiOf(kubeConfigOf(management)), namespace };
  const nodeName = text(
    await expectOk(site.api.get(machinePath(namespace, name))),
    ...['status', 'nodeRef', 'name'],
  );
  if (nodeName === undefined) throw new Error(`Machine ${namespace}/${name}: got no Node, expected one`);
  const number = ((await operation(site, name))?.record.number ?? 0) + 1;
  process.stderr.write(`waiting for operation ${number} of Machine ${namespace}/${name}\n`);
  const watching = await watch({
    ...{ kubeconfigPath: kubeconfig, nodeName },
    ...(url === undefined ? {} : { httpUrl: url }),
  });
  const totalSeconds = await secondsOf(site, name, number);
  await sleep(AFTERWARDS_SECONDS * 1000);
  const last = await operation(site, name);
  const seen = await watching.end();
  if (last?.record.number !== number) throw new Error(`operation ${number}: others came after it`);
  const results = resultsOf(await workflow(site, last), last.name);
  const row = { totalSeconds, ...figures(results, seen) };
  process.stdout.write(`${JSON.stringify(row, undefined, 2)}\n`);
  return last.record.state === 'succeeded' ? 0 : 1;
}

function options(args: string[]) {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      ...{
        kubeconfig: string,
        'management-kubeconfig': string,
        namespace: string,
        machine: string,
        url: string,
      },
    },
  });
  const { kubeconfig, namespace, machine: name, url } = values;
  if (!kubeconfig || !namespace || !name) throw new Error(USAGE);
  return { kubeconfig, management: values['management-kubeconfig'] ?? kubeconfig, namespace, name, url };
}

/** From its begin to its end. */
async function secondsOf(site: ManagedApi, name: string, number: number): Promise<number> {
  const at = async () => {
    const present = await operation(site, name);
    return (present?.record.number ?? 0) >= number ? present?.record : undefined;
  };
  await found('an operation', at, BEGIN_SECONDS);
  const begin = performance.now();
  await found(
    'its end',
    async () => (await at().then((record) => record && isFinal(record))) || undefined,
    END_SECONDS,
  );
  return (performance.now() - begin) / 1000;
}

function figures(results: readonly StepResult[], seen: Observations) {
  const onHost = results.filter(({ step }) => STEPS.some((row) => row.name === step && row.onNode));
  return {
    ...{ hostSeconds: spanSeconds(onHost), flipSeconds: spanSeconds(flipResults(onHost)) },
    ...{ apiOutageSeconds: outageSeconds(seen.api), cordonedSeconds: secondsTrue(seen.cordoned) },
    httpFailures: failures(seen.http),
    steps: Object.fromEntries(results.map(({ step, durationSeconds }) => [step, durationSeconds])),
  };
}

await runMain(main);
