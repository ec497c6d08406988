import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/api/json.ts';
import { changesBetween } from '../../src/plan/compare.ts';
import { claimFile, claimKubeletArgument, type FileContext } from '../../src/plan/entry-claims.ts';
import { policyOf } from '../helpers/requests.ts';

const CONTEXT: FileContext = { allowed: policyOf().claims.files };
const FILE = { path: '/etc/sysctl.d/99-site.conf', content: 'a' };

function fileVerdicts(from: JsonObject[], to: JsonObject[], context = CONTEXT) {
  return changesBetween({ files: from }, { files: to }).map((change) => claimFile(change, context));
}

describe('a file', () => {
  it.each<[string, JsonObject]>([
    ['content', { content: 'b' }],
    ['owner', { owner: 'root:adm' }],
    ['permissions', { permissions: '0600' }],
    ['encoding base64', { encoding: 'base64' }],
    ['encoding gzip', { encoding: 'gzip' }],
    ['encoding gzip+base64', { encoding: 'gzip+base64' }],
    ['contentFormat Raw', { contentFormat: 'Raw' }],
    ['append false', { append: false }],
  ])('is claimed when it changes: %s', (_, change) => {
    expect(fileVerdicts([FILE], [{ ...FILE, ...change }])).toMatchObject([
      { verdict: 'claimed', steps: ['configure'], subject: { kind: 'files', name: FILE.path } },
    ]);
    expect(fileVerdicts([], [{ ...FILE, ...change }])).toMatchObject([{ verdict: 'claimed' }]);
  });

  it.each<[string, JsonObject]>([
    ['append', { append: true }],
    ['contentFormat Template', { contentFormat: 'Template' }],
    ['contentFormat null', { contentFormat: null }],
    ['unknown encoding', { encoding: 'zstd' }],
    ['content from elsewhere', { contentFrom: { configMap: { name: 'a' } } }],
    ['an unknown field', { immutable: true }],
    ['text that cloud-init renders', { content: 'id: {{ ds.meta_data.uuid }}' }],
  ])('is uncovered: %s', (_, change) => {
    expect(fileVerdicts([FILE], [{ ...FILE, ...change }])).toMatchObject([{ verdict: 'uncovered' }]);
    expect(fileVerdicts([], [{ ...FILE, ...change }])).toMatchObject([{ verdict: 'uncovered' }]);
  });

  it('is claimed when cloud-init does not render it, since it is encoded', () => {
    const encoded = { ...FILE, encoding: 'base64', content: '{{' };
    expect(fileVerdicts([], [encoded])).toMatchObject([{ verdict: 'claimed' }]);
  });

  it('is claimed with its content from a Secret', () => {
    const contentFrom = (name: string) => ({ path: FILE.path, contentFrom: { secret: { name, key: 'k' } } });
    expect(fileVerdicts([contentFrom('a')], [contentFrom('b')])).toMatchObject([{ verdict: 'claimed' }]);
    expect(fileVerdicts([], [contentFrom('b')])).toMatchObject([{ verdict: 'claimed' }]);
  });

  it('is uncovered when it was appended to before: what else is in it is not known', () => {
    expect(fileVerdicts([{ ...FILE, append: true }], [FILE])).toMatchObject([{ verdict: 'uncovered' }]);
  });

  it('is uncovered when an unknown field of it goes', () => {
    expect(fileVerdicts([{ ...FILE, immutable: true }], [FILE])).toMatchObject([{ verdict: 'uncovered' }]);
  });

  it('is uncovered when it goes', () => {
    expect(fileVerdicts([FILE], [])).toMatchObject([{ verdict: 'uncovered' }]);
  });

  it.each([
    '/etc/kubernetes/audit.yaml',
    '/etc/kubernetes/a/b/c',
    '/etc/sysctl.d/x',
    '/etc/systemd/system/kubelet.service.d/20-site.conf',
    '/etc/containerd/config.toml',
    '/etc/kubernetes/..hidden',
  ])('is claimed at %s', (path) => {
    expect(fileVerdicts([], [{ path, content: 'a' }])).toMatchObject([{ verdict: 'claimed' }]);
  });

  it.each([
    '/etc/passwd',
    '/etc/kubernetes',
    '/etc/kubernetes/',
    '/etc/kubernetes-evil/x',
    '/etc/kubernetes/../passwd',
    '/etc/kubernetes/./x',
    '/etc/kubernetes//x',
    '/etc/kubernetes/a/..',
    '/etc/kubernetes/a\nb',
    '/etc/kubernetes/a\0b',
    'etc/kubernetes/x',
    '//etc/kubernetes/x',
    '',
  ])('is uncovered at %j', (path) => {
    expect(fileVerdicts([], [{ path, content: 'a' }])).toMatchObject([{ verdict: 'uncovered' }]);
  });

  it('is uncovered without a path, or with one on one side only', () => {
    expect(fileVerdicts([], [{ content: 'a' }])).toMatchObject([{ verdict: 'uncovered' }]);
    expect(fileVerdicts([{ content: 'a' }], [FILE])).toMatchObject([{ verdict: 'uncovered' }]);
  });

  it.each([
    ['/opt/site', '/opt/site/a', 'claimed'],
    ['/opt/site', '/opt/site', 'claimed'],
    ['/opt/site', '/opt/sites', 'uncovered'],
    ['/opt/site/', '/opt/site', 'uncovered'],
  ])('allow-list %s, file %s: %s', (allowed, path, verdict) => {
    expect(fileVerdicts([], [{ path }], { allowed: [allowed] })).toMatchObject([{ verdict }]);
  });

  it.each([
    ['/etc/sysctl.d/x', ['configure'], false],
    ['/etc/containerd/config.toml', ['configure'], true],
    ['/etc/kubernetes/manifests/kube-vip.yaml', ['configure'], true],
    ['/etc/systemd/system/kubelet.service.d/x', ['configure', 'kubelet'], false],
    ['/etc/kubernetes/patches/kubelet.yaml', ['configure', 'kubelet', 'kubeadm'], false],
  ])('%s needs %j, disturbs: %s', (path, steps, disturbs) => {
    const context = { ...CONTEXT, patchesDirectory: '/etc/kubernetes/patches' };
    const [claim] = fileVerdicts([], [{ path }], context);
    expect(claim).toMatchObject({ disturbs });
    expect(new Set(claim?.verdict === 'claimed' ? claim.steps : [])).toEqual(new Set(steps));
  });
});

describe('a kubelet argument', () => {
  const verdicts = (from: JsonObject[], to: JsonObject[]) =>
    changesBetween({ kubeletExtraArgs: from }, { kubeletExtraArgs: to }).map(claimKubeletArgument);
  const argument = (name: string, value = 'a') => ({ name, value });

  it.each([
    ['added', [], [argument('max-pods')]],
    ['changed', [argument('max-pods', '1')], [argument('max-pods', '2')]],
    ['removed', [argument('max-pods')], []],
  ])('is claimed when it is %s', (_, from, to) => {
    expect(verdicts(from, to)).toMatchObject([
      {
        verdict: 'claimed',
        steps: ['configure', 'kubelet'],
        subject: { kind: 'kubelet arguments', name: 'max-pods' },
      },
    ]);
  });

  it.each(['node-ip', 'hostname-override', 'root-dir', 'node-labels', 'node_labels', '--node-ip'])(
    '%s is uncovered',
    (name) => {
      expect(verdicts([], [argument(name)])).toMatchObject([{ verdict: 'uncovered' }]);
      expect(verdicts([argument(name, '1')], [argument(name, '2')])).toMatchObject([
        { verdict: 'uncovered' },
      ]);
      expect(verdicts([argument(name)], [])).toMatchObject([{ verdict: 'uncovered' }]);
    },
  );

  it('that cloud-init renders is uncovered', () => {
    const rendered = argument('provider-id', 'metal3://{{ ds.meta_data.uuid }}');
    expect(verdicts([], [rendered])).toMatchObject([{ verdict: 'uncovered' }]);
  });

  it('without a name is uncovered', () => {
    expect(verdicts([], [{ value: 'a' }])).toMatchObject([{ verdict: 'uncovered' }]);
    expect(verdicts([{ value: 'a' }], [argument('max-pods')])).toContainEqual(
      expect.objectContaining({ verdict: 'uncovered' }),
    );
  });

  it('of a list in another order is claimed', () => {
    const [a, b] = [argument('a'), argument('b')];
    expect(verdicts([a, b], [b, a])).toMatchObject([{ verdict: 'claimed', subject: { name: 'order' } }]);
  });
});
