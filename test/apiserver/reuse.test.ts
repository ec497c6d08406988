// The worked example of docs/reuse.md on Argo's real controller; its pods are played, see pod-player.ts.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT } from '../../src/api/commands.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { stepTemplatesName } from '../../src/generators/names.ts';
import { stepTemplates } from '../../src/generators/step-templates.ts';
import { list, text } from '../../src/kubernetes/fields.ts';
import { eventually } from '../helpers/eventually.ts';
import { apiOf, expectOk, kubeConfigOf, type Api } from './api.ts';
import { startArgoController } from './argo-controller.ts';
import type { Daemon } from './daemon.ts';
import { startPodPlayer, type PodPlayer } from './pod-player.ts';
import { STRICT } from './site.ts';

jest.setTimeout(120_000);

const EXAMPLE = new URL('../../docs/examples/renew-certificates.yaml', import.meta.url);
const ARGO = '/apis/argoproj.io/v1alpha1';
const PATIENCE_SECONDS = 60;
/** The example's would come on Sunday. */
const SOON = '@every 2s';

const id = randomBytes(4).toString('hex');
const namespace = `refit-reuse-${id}`;
const version = `0.0.0-reuse-${id}`;
const path = (kind: string, name = '') => `${ARGO}/namespaces/${namespace}/${kind}${name && `/${name}`}`;

let api: Api;
let controller: Daemon;
let player: PodPlayer;
/** Steps that fail. */
const failing = new Set<string>();

beforeAll(async () => {
  const kubeconfigPath = process.env['REFIT_TEST_KUBECONFIG'] ?? '';
  api = apiOf(kubeConfigOf(kubeconfigPath));
  await expectOk(api.create('/api/v1/namespaces', { metadata: { name: namespace } }));
  const image = `example.com/refit@sha256:${'0'.repeat(64)}`;
  await expectOk(api.create(`${ARGO}/clusterworkflowtemplates${STRICT}`, stepTemplates({ version, image })));
  controller = await startArgoController(api, kubeconfigPath, namespace);
  player = startPodPlayer(api, namespace, ({ workflow, step }) =>
    failing.has(`${workflow}/${step}`)
      ? { exitCode: EXIT.failed, message: 'pki/ca.key: absent' }
      : { exitCode: EXIT.done, outputs: { host: 'idle' } },
  );
});
afterAll(async () => {
  await controller.stop();
  await expectOk(api.delete(`${ARGO}/clusterworkflowtemplates/${stepTemplatesName(version)}`));
  await player.stop();
});

describe('the example', () => {
  const [template, cron] = example() as [JsonObject, JsonObject];
  const ORDER = ['protect', 'backup', 'renew-certificates', 'verify', 'complete', 'finish'];

  it('runs its steps one after the other when it is submitted as from the Argo UI', async () => {
    await expectOk(api.create(path('workflowtemplates') + STRICT, template));
    await submit('by-hand');
    expect(await ended('by-hand')).toBe('Succeeded');
    expect(started('by-hand')).toEqual(ORDER);
    const renewal = player.events.find(({ step }) => step === 'renew-certificates');
    expect(renewal?.args).toEqual(
      expect.arrayContaining(['--cluster=edge', '--machine=edge-cp-1', '--workflow=by-hand', '--operation=']),
    );
  });

  it('tells the node that it is over when a step fails', async () => {
    failing.add('failing/renew-certificates');
    await submit('failing');
    expect(await ended('failing')).toBe('Failed');
    expect(started('failing')).toEqual(['protect', 'backup', 'renew-certificates', 'finish']);
    const finish = player.events.find(({ workflow, step }) => workflow === 'failing' && step === 'finish');
    expect(finish?.args).toContain('--workflow-status=Failed');
  });

  it('is run by its CronWorkflow, one at a time', async () => {
    const spec = { ...(cron['spec'] as JsonObject), schedules: [SOON] };
    await expectOk(api.create(path('cronworkflows') + STRICT, { ...cron, spec }));
    const name = text(cron, 'metadata', 'name') ?? '';
    const runs = async () => {
      const { items } = (await expectOk(api.get(path('workflows')))) as { items: JsonObject[] };
      return items.filter((item) =>
        list(item, 'metadata', 'ownerReferences').some((owner) => text(owner, 'name') === name),
      );
    };
    const isDone = (run: JsonObject) => text(run, 'status', 'phase') === 'Succeeded';
    await eventually('two runs', async () => (await runs()).filter(isDone).length >= 2, PATIENCE_SECONDS);
    await expectOk(api.delete(path('cronworkflows', name)));
    const [first] = await runs();
    expect(started(text(first, 'metadata', 'name') ?? '')).toEqual(ORDER);
    const order = player.events
      .filter(({ workflow }) => workflow.startsWith(name))
      .map(({ workflow }) => workflow);
    const turns = order.filter((workflow, at) => workflow !== order[at - 1]);
    expect(new Set(turns).size).toBe(turns.length);
  });
});

/** With the step templates of this test, which other tests do not have. */
function example(): JsonObject[] {
  const shipped = readFileSync(EXAMPLE, 'utf8');
  const own = shipped.replaceAll(stepTemplatesName(packageJson.version), stepTemplatesName(version));
  return parseAllDocuments(own).map((document) => document.toJS() as JsonObject);
}

/** What the UI sends: a reference, and the parameters that a person has filled in. */
async function submit(name: string): Promise<void> {
  const parameters = [
    { name: 'cluster', value: 'edge' },
    { name: 'machine', value: 'edge-cp-1' },
  ];
  const spec = { workflowTemplateRef: { name: 'renew-certificates' }, arguments: { parameters } };
  const workflow = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name }, spec };
  await expectOk(api.create(path('workflows') + STRICT, workflow));
}

async function ended(name: string): Promise<string | undefined> {
  let phase: string | undefined;
  await eventually(
    `${name} ended`,
    async () => {
      const workflow = await expectOk(api.get(path('workflows', name)));
      phase = text(workflow, 'status', 'phase');
      return text(workflow, 'status', 'finishedAt') !== undefined;
    },
    PATIENCE_SECONDS,
  );
  return phase;
}

function started(workflow: string): string[] {
  return player.events
    .filter((event) => event.workflow === workflow && event.what === 'started')
    .map(({ step }) => step);
}
