import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { componentsSchema } from '../../../src/api/components.ts';
import { readComponentFiles, type Versions } from '../../../src/cli/image/components-folder.ts';
import {
  ALL,
  ANSWERS,
  architecture,
  folder,
  host,
  KUBERNETES,
  program,
  remove,
  type Answers,
} from './samples.ts';

const foreign = architecture === 'arm64' ? 'amd64' : 'arm64';

let made = '';
afterEach(() => remove(made));

async function read(
  files: Readonly<Record<string, string | Buffer>>,
  versions: Partial<Versions> = {},
  answers: Answers = ANSWERS,
) {
  made = await folder(files);
  return readComponentFiles(
    made,
    { kubernetes: 'v1.34.4', ...versions },
    { architecture, host: host(answers) },
  );
}

describe('a folder of programs', () => {
  it('becomes components, each with its digest', async () => {
    const { components, entries } = await read(ALL);
    expect(componentsSchema.parse(components)).toEqual(components);
    expect(components).toMatchObject({
      architecture,
      kubernetes: 'v1.34.4',
      containerd: '2.1.4',
      cni: 'v1.8.0',
    });
    expect(components.files.map(({ component, name }) => `${component}/${name}`)).toEqual([
      'kubernetes/kubeadm',
      'kubernetes/kubectl',
      'kubernetes/kubelet',
      'containerd/containerd',
      'containerd/containerd-shim-runc-v2',
      'containerd/runc',
      'cni/bridge',
      'cni/loopback',
    ]);
    const sha256 = createHash('sha256').update(KUBERNETES.kubelet).digest('hex');
    expect(components.files[2]).toEqual({ component: 'kubernetes', name: 'kubelet', size: 71, sha256 });
    expect(entries.map((entry) => entry.path)).toEqual([
      ...components.files.map(({ component, name }) => `opt/refit/components/${component}/${name}`),
      'opt/refit/components/components.json',
    ]);
    const manifest = entries.at(-1);
    if (manifest?.kind !== 'file' || !('content' in manifest)) throw new Error('no manifest');
    expect(JSON.parse(manifest.content.toString())).toEqual(components);
  });

  it('is sorted by its own folders, too', async () => {
    const { components } = await read({
      'kubernetes/kubeadm': KUBERNETES.kubeadm,
      'kubernetes/kubelet': KUBERNETES.kubelet,
      kubectl: KUBERNETES.kubectl,
      'cni/calico-own': program('own'),
      'cni/loopback': ALL['cni/loopback'],
    });
    expect(components.files.map(({ component, name }) => `${component}/${name}`)).toEqual([
      'kubernetes/kubeadm',
      'kubernetes/kubectl',
      'kubernetes/kubelet',
      'cni/calico-own',
      'cni/loopback',
    ]);
  });

  it('without containerd and plugins leaves them alone', async () => {
    const { components } = await read(KUBERNETES);
    expect(components).not.toHaveProperty('containerd');
    expect(components).not.toHaveProperty('cni');
  });

  it('takes the versions that it is told where the programs are silent', async () => {
    const silent = { ...ANSWERS, loopback: 'CNI loopback plugin version unknown\n' };
    const { components } = await read(ALL, { containerd: '2.1.4', cni: '1.8.0' }, silent);
    expect(components).toMatchObject({ containerd: '2.1.4', cni: '1.8.0' });
  });
});

describe('a folder of programs is refused', () => {
  const rows: [string, Parameters<typeof read>, string | RegExp][] = [
    [
      'without kubelet',
      [{ kubeadm: KUBERNETES.kubeadm, kubectl: KUBERNETES.kubectl }],
      /: kubernetes: got no kubelet, expected them$/,
    ],
    ['empty', [{}], /: kubernetes: got no kubeadm, kubectl, kubelet, expected them$/],
    [
      'with a runc alone',
      [{ ...KUBERNETES, runc: ALL.runc }],
      /: containerd: got no containerd, containerd-shim-runc-v2/,
    ],
    [
      'with a program twice',
      [{ ...KUBERNETES, 'kubernetes/kubelet': program('2') }],
      /: kubernetes: got kubelet twice/,
    ],
    [
      'with a program that nobody knows',
      [{ ...KUBERNETES, crictl: program('c') }],
      /crictl: not a program that is known/,
    ],
    [
      'with another folder',
      [{ ...KUBERNETES, 'bin/runc': ALL.runc }],
      /bin: expected no folders but kubernetes, containerd/,
    ],
    [
      'with a script',
      [{ ...KUBERNETES, kubelet: `#!/bin/sh\n${'#'.repeat(64)}\n` }],
      /kubelet: got no Linux program/,
    ],
    ['with an empty file', [{ ...KUBERNETES, kubelet: '' }], /kubelet: got no Linux program/],
    ['with a readme', [{ ...KUBERNETES, 'cni/README.md': 'plugins' }], /README\.md: got no Linux program/],
    [
      'with a strange name',
      [{ ...KUBERNETES, 'cni/a b': program('c') }],
      /a b: expected a name of letters, digits, "\.", "_" and "-"$/,
    ],
    [
      'with a program for another machine',
      [{ ...KUBERNETES, kubelet: program('kubelet', foreign) }],
      new RegExp(`kubelet: got a program for ${foreign}, expected ${architecture}: the node of this machine`),
    ],
    [
      'with a program that is cut off',
      [{ ...KUBERNETES, kubelet: program('kubelet', architecture, 900) }],
      /kubelet: got 71 bytes, expected at least 900: it is cut off$/,
    ],
    [
      'of another version',
      [ALL, { kubernetes: 'v1.34.3' }],
      /kubeadm: got v1\.34\.4, expected v1\.34\.3 \(--kubernetes\)$/,
    ],
    [
      'when one of them is of another version',
      [ALL, {}, { ...ANSWERS, kubelet: 'Kubernetes v1.33.9\n' }],
      /kubelet: got v1\.33\.9, expected v1\.34\.4 \(--kubernetes\)$/,
    ],
    [
      'of another containerd',
      [ALL, { containerd: '1.7.28' }],
      /containerd: got 2\.1\.4\+deb13, expected 1\.7\.28/,
    ],
    ['without the plugins', [KUBERNETES, { cni: '1.8.0' }], '--cni: got 1.8.0, but no programs of it'],
    [
      'when nobody tells the version',
      [{ ...KUBERNETES, 'cni/bridge': ALL['cni/bridge'] }],
      '--cni: got none, expected a version: the programs do not tell theirs',
    ],
    [
      'for no version',
      [ALL, { kubernetes: '1.34.4' }],
      '--kubernetes: got "1.34.4", expected a version like v1.34.3',
    ],
  ];

  it.each(rows)('%s', async (_, input, message) => {
    await expect(read(...input)).rejects.toMatchObject({
      reason: 'BadInput',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('with a program that does not run', async () => {
    // It is no more than a header, and nobody answers in its place.
    await expect(read(ALL, {}, { ...ANSWERS, kubelet: undefined })).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringMatching(/\/kubelet/),
    });
  });
});
