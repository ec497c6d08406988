import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { synthAll } from '../../src/charts/install.ts';
import { values, type Values } from '../../src/charts/values.ts';
import { expectGolden, GOLDEN_FOLDER, toYaml } from '../helpers/golden.ts';

const image = (name: string) => `registry.example.com/${name}@sha256:${'a'.repeat(64)}`;

/** Everything that can be set is set. */
const site: Values = {
  image: image('refit'),
  replicas: 3,
  clusterNamespaces: [
    { name: 'lab', contentSecrets: ['lab-files', 'lab-registry'] },
    { name: 'edge', contentSecrets: [] },
  ],
  policy: { onUncovered: 'replace', workers: { concurrency: 2 }, timeouts: { drain: 3600 } },
  imageMap: { 'v1.34.3': { kubernetes: 'v1.34.3', containerd: '2.1.4', image: image('upgrader') } },
  clientCaSecret: 'capi-client-ca',
  infrastructureMachines: ['metal3machines', 'devmachines'],
  callerNamespaces: ['capi-system', 'capi-kubeadm-control-plane-system'],
  metricsNamespaces: ['monitoring'],
  monitoring: { labels: { release: 'prometheus' }, runbookUrl: 'https://docs.example.com/refit/runbook' },
  apiServerPorts: [443, 6443],
};

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }[];
}

const charts = synthAll(site, '0.1.0');
const all = charts.flatMap(({ manifests }) => manifests as Manifest[]);

function roles(name: string): Manifest[] {
  return all.filter(({ kind, metadata }) => kind.endsWith('Role') && metadata.name === name);
}

describe('synthAll', () => {
  it.each(charts.map(({ name, manifests }) => [name, manifests] as const))('%s', (name, manifests) => {
    expectGolden(`charts/${name}.yaml`, toYaml(...manifests));
  });

  it('has no golden file that no chart writes', () => {
    const files = charts.map(({ name }) => `${name}.yaml`);
    expect(readdirSync(`${GOLDEN_FOLDER}charts`).sort()).toEqual(files.sort());
  });

  it('gives the server no Secret, no wildcard, and no write to Machines or Workflows outside the listed namespaces', () => {
    const rules = roles('capi-refit-server').flatMap(({ rules = [] }) => rules);
    expect(rules.flatMap(({ resources }) => resources)).not.toContain('secrets');
    expect(JSON.stringify(rules)).not.toContain('*');
    const [everywhere] = roles('capi-refit-server').filter(({ kind }) => kind === 'ClusterRole');
    const written = everywhere?.rules?.filter(
      ({ verbs }) => verbs.includes('create') || verbs.includes('patch'),
    );
    expect(written?.flatMap(({ resources }) => resources)).toEqual([
      'events',
      'tokenreviews',
      'subjectaccessreviews',
    ]);
    // What nodes are made of, their files too, is read in those namespaces only.
    const read = everywhere?.rules?.flatMap(({ resources }) => resources) ?? [];
    for (const resource of ['kubeadmconfigs', 'kubeadmconfigtemplates', 'metal3machines'])
      expect(read).not.toContain(resource);
  });

  it('lets step pods read only the Secrets that are named', () => {
    const rules = roles('refit-workflow').flatMap(({ metadata, rules = [] }) =>
      rules
        .filter(({ resources }) => resources.includes('secrets'))
        .map((rule) => ({ in: metadata.namespace, ...rule })),
    );
    expect(rules).toEqual([
      {
        in: 'lab',
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['lab-files', 'lab-registry'],
        verbs: ['get'],
      },
    ]);
  });

  it('asks about no object but labelled owners where Refit being away would hold something up', () => {
    const webhooks = all
      .filter(({ kind }) => kind.endsWith('WebhookConfiguration'))
      .flatMap((manifest) => (manifest as Manifest & { webhooks: Record<string, unknown>[] }).webhooks);
    const failing = webhooks.filter(({ failurePolicy }) => failurePolicy !== 'Ignore');
    expect(failing).toMatchObject([
      {
        name: 'owner.capi-refit.io',
        objectSelector: { matchLabels: { 'capi-refit.io/strategy': 'external' } },
        matchConditions: [
          { name: 'not-being-deleted' },
          { name: 'ask-or-pause' },
          { name: 'not-by-its-workflow' },
        ],
        reinvocationPolicy: 'IfNeeded',
      },
    ]);
    expect(webhooks).toHaveLength(2);
  });

  it('says of every role and of the privileged namespace why it is there', () => {
    const privileged = all.filter(
      (manifest) =>
        manifest.rules !== undefined || JSON.stringify(manifest.metadata).includes(':"privileged"'),
    );
    expect(privileged.length).toBe(6);
    for (const { metadata } of privileged) {
      expect(metadata.annotations?.['capi-refit.io/description']).toMatch(/\w+ \w+/);
    }
  });

  it('makes no two objects of one kind with one name', () => {
    const ids = all.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each([
    [{ image: 'registry.example.com/refit:latest' }, /^values\.image: /],
    [{ policy: { retentionSeconds: 1, drain: 'sometimes' as 'auto' } }, /drain: .*retentionSeconds: /],
    [
      { imageMap: { 'v1.34.3': { kubernetes: '1.34', image: 'x' } } },
      /imageMap\.v1\.34\.3\.kubernetes: .*image: /,
    ],
  ])('refuses bad values and names them: %j', (bad, message) => {
    expect(() => synthAll({ ...site, ...bad }, '0.1.0')).toThrow(message);
  });
});

describe('dist', () => {
  it('holds what the default values give (npm run synth)', () => {
    const folder = fileURLToPath(new URL('../../dist/', import.meta.url));
    const found = readdirSync(folder).map((file) => ({
      name: file.replace(/\.k8s\.yaml$/, ''),
      manifests: parseAllDocuments(readFileSync(`${folder}${file}`, 'utf8')).map(
        (document) => document.toJS() as unknown,
      ),
    }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(found.sort(byName)).toEqual(synthAll(values, packageJson.version).sort(byName));
  });
});
