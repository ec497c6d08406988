import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../src/api/commands.ts';
import { writeExternal } from '../../../src/api/external-record.ts';
import { BLOCKED_ANNOTATION } from '../../../src/api/labels.ts';
import { statusOutput } from '../../../src/cli/status/cluster-status.ts';
import { statusText } from '../../../src/cli/status/status-text.ts';
import type { StatusOutput } from '../../../src/cli/status/types.ts';
import { workflowView } from '../../../src/hook/kubernetes/workflow-view.ts';
import {
  clusterSample,
  controlPlaneSample,
  deploymentSample,
  machineSample,
  refusalSample,
  workflowSample,
} from '../../helpers/operator-objects.ts';
import { operatorSite, type OperatorSite } from '../../helpers/operator-site.ts';

const LONG =
  'uncovered: bootstrapConfig /spec/preKubeadmCommands, /spec/users/0/passwd; set onUncovered, or take the change back';
const FAILED = {
  state: 'failed',
  reason: 'step kubelet: no space left on device',
  finishedAt: '2026-01-01T11:20:00Z',
} as const;

const DECLINED = {
  version: 1,
  number: 2,
  state: 'declined',
  to: 'v1.34.3',
  reason: 'release v1.34.3 is not in the image map',
} as const;

const objects = {
  clusters: [clusterSample(), clusterSample('other', { labels: {} })],
  controlPlanes: [controlPlaneSample()],
  deployments: [deploymentSample('v1.33.7')],
  machines: [
    machineSample('edge-cp-1', { kubelet: 'v1.33.7', record: {} }),
    machineSample('edge-cp-2', { kubelet: 'v1.33.7', version: 'v1.33.7' }),
    machineSample('edge-md-0-abcde-fghij', { worker: true, version: 'v1.33.7', kubelet: 'v1.33.7' }),
    machineSample('edge-md-0-abcde-klmno', {
      worker: true,
      version: 'v1.33.7',
      kubelet: 'v1.33.7',
      record: FAILED,
    }),
    machineSample('other-1', { cluster: 'other' }),
  ],
  events: [refusalSample('edge-md-0-abcde-fghij', LONG)],
};
const workflow = workflowSample('edge-cp-1', 3, 'kubeadm');

describe('the table', () => {
  const output = statusOutput(
    { ...objects, workflows: [workflowView(workflow)] },
    new Date('2026-01-01T12:00:00Z'),
  );

  it('groups Machines by owner, in 80 columns, without colour', () => {
    const table = statusText(output, false);
    expect(table).toBe(`\
Cluster lab/edge (in-place)
  MACHINE                   VERSION             STATE       SINCE
 KubeadmControlPlane edge-cp, v1.34.3: 0 of 2 up to date
  edge-cp-1                 v1.33.7 > v1.34.3   updating    2m
    step 5/8 kubeadm: running 1m12s
  edge-cp-2                 v1.33.7             queued
    its owner asks for v1.34.3
 MachineDeployment md-0, v1.33.7: 0 of 2 up to date
  edge-md-0-abcde-fghij     v1.33.7             blocked     30m
    uncovered: bootstrapConfig /spec/preKubeadmCommands, /spec/users/0/passwd;
    set onUncovered, or take the change back (last said 2m ago)
  edge-md-0-abcde-klmno     v1.33.7             failed      40m
    operation 3: step kubelet: no space left on device
`);
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('says what Refit does for an owner in place of Cluster API', () => {
    const metadata = { ...controlPlaneSample().metadata, annotations: writeExternal(DECLINED) };
    const controlPlanes = [{ ...controlPlaneSample(), metadata }];
    const at = new Date('2026-01-01T12:00:00Z');
    const { clusters } = statusOutput({ ...objects, controlPlanes, workflows: [] }, at);
    expect(clusters[0]?.owners[0]?.upgrade).toEqual(DECLINED);
    expect(statusText({ at: '', clusters }, false)).toContain(`up to date
  upgrade 2 to v1.34.3 declined: release v1.34.3 is not in the image map
  edge-cp-1`);
  });

  it('has the same text in a terminal, with colour', () => {
    const coloured = statusText(output, true);
    expect(coloured).toContain('\u001B[31mfailed');
    expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(statusText(output, false));
  });
});

it('gives with -o json what docs/contracts.md shows', () => {
  const facts = { ...objects, deployments: [], events: [], workflows: [workflowView(workflow)] };
  const machines = objects.machines.slice(0, 1);
  const output = statusOutput({ ...facts, machines }, new Date('2026-01-01T12:00:00Z'));
  const page = readFileSync(new URL('../../../docs/contracts.md', import.meta.url), 'utf8');
  const [, shown = ''] = /## refit status -o json\n\n((?: {4}.*\n)+)/.exec(page) ?? [];
  expect(output).toEqual(JSON.parse(shown));
});

describe('refit status', () => {
  let on: OperatorSite;
  beforeEach(async () => {
    on = await operatorSite();
    on.put(...objects.clusters, ...objects.controlPlanes, ...objects.deployments, ...objects.machines);
    on.put(workflow, ...objects.events);
  });
  afterEach(() => on.end());

  const json = async (...argv: string[]): Promise<StatusOutput> =>
    JSON.parse((await on.run('status', '-n', 'lab', '-o', 'json', ...argv)).stdout) as StatusOutput;

  it('shows the step that runs, and only Clusters that opted in', async () => {
    const { clusters } = await json();
    expect(clusters.map(({ name }) => name)).toEqual(['edge']);
    expect(clusters[0]?.owners[0]?.machines[0]).toMatchObject({
      state: 'updating',
      step: { name: 'kubeadm', number: 5, of: 8 },
    });
  });

  it('shows any Cluster that is named', async () => {
    const { clusters } = await json('other');
    expect(clusters.map(({ name, owners }) => [name, owners.at(-1)?.machines[0]?.name])).toEqual([
      ['other', 'other-1'],
    ]);
    expect((await on.run('status', 'other', '-n', 'lab')).stdout).toContain(
      'Cluster lab/other (not opted in)',
    );
  });

  it('is bad input for a Cluster that is not there, and names those that are', async () => {
    const { code, stderr } = await on.run('status', 'egde', '-n', 'lab');
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toBe('refit: CLUSTER: got "egde", expected a Cluster of namespace lab (edge, other)\n');
  });

  it('says how to opt in where nothing has', async () => {
    const { code, stdout, stderr } = await on.run('status', '-n', 'empty');
    expect([code, stdout]).toEqual([EXIT.done, '']);
    expect(stderr).toMatch(
      /namespace empty [^]*kubectl label\s+cluster NAME capi-refit.io\/strategy=in-place/,
    );
  });

  it('shows all namespaces with -A', async () => {
    expect((await on.run('status', '-A')).stdout).toContain('Cluster lab/edge');
  });

  it('shows the rest to those who may not read Events', async () => {
    on.server.other = ({ pathname }, response) => {
      if (!pathname.endsWith('/events')) return false;
      response.writeHead(403).end(JSON.stringify({ message: 'events is forbidden: User "x" cannot list' }));
      return true;
    };
    on.put(machineSample('edge-cp-3', { annotations: { [BLOCKED_ANNOTATION]: 'a person said so' } }));
    expect((await on.run('status', '-n', 'lab')).stdout).toContain('    a person said so\n');
  });

  it('ends with 1 and the reason when the API server is away', async () => {
    await on.server.stop();
    const { code, stderr } = await on.run('status');
    await on.server.start();
    expect(code).toBe(EXIT.failed);
    expect(stderr).toMatch(/^refit: GET \/apis\/cluster\.x-k8s\.io\/.*ECONNREFUSED/);
  });

  it('does not know a context that is not there', async () => {
    const { code, stderr } = await on.run('status', '--context', 'prod');
    expect(code).toBe(EXIT.badInput);
    expect(stderr).toMatch(/^refit: --context: got "prod", expected one of /);
  });
});
