import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import { EXIT } from '../../../src/api/commands.ts';
import { IMAGE_MAP_CONFIG_MAP, IMAGE_MAP_KEY } from '../../../src/api/install.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { CLUSTER_NAME_LABEL, PAUSED_ANNOTATION, STRATEGY_LABEL } from '../../../src/api/labels.ts';
import { run } from '../../../src/cli/run.ts';
import { controlPlane, FROM, machineDeployment, TO } from '../../helpers/external.ts';
import { ExternalSite } from '../../helpers/external-site.ts';
import { fakeIo } from '../../helpers/io.ts';
import type { Edit } from '../../helpers/requests.ts';

const CP_AT: Edit = ['/spec/version', FROM];
const MD_AT: Edit[] = [
  ['/spec/template/spec/version', FROM],
  ['/metadata/labels', { [CLUSTER_NAME_LABEL]: 'edge', [STRATEGY_LABEL]: 'external' }],
];

let site: ExternalSite;
let folder: string;
beforeEach(async () => {
  site = new ExternalSite();
  await site.start();
  const webhooks = [{ clientConfig: { caBundle: 'LS0t' }, failurePolicy: 'Fail' }];
  const collection = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
  site.management.data.create({ collection, namespace: '', name: 'capi-refit' }, { webhooks, metadata: {} });
  const image = `example.com/upgrader@sha256:${'a'.repeat(64)}`;
  const data = { [IMAGE_MAP_KEY]: stringify({ [TO]: { kubernetes: TO, image } }) };
  const imageMap = { metadata: { namespace: 'site', name: IMAGE_MAP_CONFIG_MAP }, data };
  const place = { collection: '/api/v1/configmaps', namespace: 'site', name: IMAGE_MAP_CONFIG_MAP };
  site.management.data.create(place, imageMap);
  folder = await mkdtemp(path.join(tmpdir(), 'refit-preview-'));
  await writeFile(path.join(folder, 'kubeconfig'), site.management.kubeConfig().exportConfig(), {
    mode: 0o600,
  });
});
afterEach(async () => {
  await site.stop();
  await rm(folder, { recursive: true });
});

async function dryRun(): Promise<{ code: number; stdout: string; stderr: string; workflows: JsonObject[] }> {
  const io = fakeIo();
  const argv = [
    'upgrade',
    'edge',
    '-n',
    'site',
    '--to',
    TO,
    '--dry-run',
    '--kubeconfig',
    path.join(folder, 'kubeconfig'),
  ];
  const code = await run(argv, io);
  const documents = parseAllDocuments(io.stdout()).map((document) => document.toJS() as JsonObject | null);
  return {
    code,
    stdout: io.stdout(),
    stderr: io.stderr(),
    workflows: documents.filter((document) => document !== null),
  };
}
const labelsOf = (objects: readonly JsonObject[]) =>
  objects.map((object) => (object['metadata'] as JsonObject)['name']);

describe('refit upgrade --dry-run', () => {
  it('prints the steps of each Machine and the Workflow of each owner, as YAML, and writes nothing', async () => {
    site.withControlPlane(controlPlane(CP_AT)).withWorkers(machineDeployment(...MD_AT));
    const { code, stdout, workflows } = await dryRun();
    expect(code).toBe(EXIT.done);
    expect(labelsOf(workflows)).toEqual([
      expect.stringMatching(/^refit-edge-cp-[0-9a-f]{8}-1$/),
      expect.stringMatching(/^refit-edge-md-[0-9a-f]{8}-1$/),
    ]);
    expect(stdout).toMatch(/^# KubeadmControlPlane edge-cp: v1\.33\.7 to v1\.34\.3/);
    expect(stdout).toMatch(/\n#   cp-a: preflight, protect, backup, stage, .*\n#.*complete\n/);
    const plan = stdout.split('\n').filter((line) => line.startsWith('#'));
    expect(plan.filter(({ length }) => length > 80)).toEqual([]);
    expect(site.written()).toEqual([]);
  });

  it('prints a Workflow for each Machine that Cluster API asks for', async () => {
    const labels = { [CLUSTER_NAME_LABEL]: 'edge' };
    const rollout = { strategy: { rollingUpdate: { maxSurge: 0 } } };
    site.patch('Cluster', 'edge', { metadata: { labels: { [STRATEGY_LABEL]: 'in-place' } } });
    site.withWorkers(machineDeployment(...MD_AT, ['/metadata/labels', labels], ['/spec/rollout', rollout]));
    const { code, workflows } = await dryRun();
    expect(code).toBe(EXIT.done);
    expect(labelsOf(workflows)).toEqual([
      expect.stringMatching(/^refit-md-a-[0-9a-f]{8}-1$/),
      expect.stringMatching(/^refit-md-b-[0-9a-f]{8}-1$/),
    ]);
  });

  it('ends with 1 and the reason when the server would decline', async () => {
    site.withControlPlane(controlPlane(CP_AT));
    site.patch('Machine', 'cp-a', { metadata: { annotations: { [PAUSED_ANNOTATION]: '' } } });
    const { code, stdout, workflows } = await dryRun();
    expect(code).toBe(EXIT.failed);
    expect(stdout).toContain('#   declined: Machine cp-a: is paused by somebody else');
    expect(workflows).toEqual([]);
  });

  it('judges the workers before the control plane leaves them behind, as the server does', async () => {
    site.withControlPlane(controlPlane(CP_AT)).withWorkers(machineDeployment(...MD_AT));
    site.patch('Machine', 'md-a', { status: { nodeInfo: { kubeletVersion: 'v1.30.1' } } });
    const { code, stdout } = await dryRun();
    expect(code).toBe(EXIT.failed);
    expect(stdout.replaceAll(/\n# +/g, ' ')).toContain('a worker is at v1.30.1, more than 3 minor versions');
  });
});
