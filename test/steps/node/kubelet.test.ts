import { afterEach, describe, expect, it } from '@jest/globals';
import { kubelet } from '../../../src/steps/node/kubelet.ts';
import type { Action } from '../../../src/steps/node/node-step.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeletHost, DROP_IN, FOLDER, INSTALLED, readText, STAGED } from './kubelet-host.ts';
import { contextFor, startService, touch } from './release.ts';

let host: TestHost;
afterEach(() => host.remove());

/** As the tables below write them. */
function line(action: Action): string {
  switch (action.do) {
    case 'install':
      return `install ${action.from} ${action.to} ${action.change.from} ${action.change.to}`;
    case 'write':
      return `write ${action.path} ${action.mode.toString(8)}`;
    case 'run':
      return action.argv.join(' ');
    default:
      return action.do;
  }
}

const INSTALLS = [
  `install ${STAGED} /usr/bin/kubelet v1.33.13 v1.34.4`,
  `install ${FOLDER}/kubernetes/kubectl /usr/bin/kubectl undefined v1.34.4`,
];
const RESTART = ['systemctl daemon-reload', 'systemctl restart kubelet'];

async function installAll(): Promise<void> {
  for (const name of ['kubelet', 'kubectl']) {
    await host.files.copy(`${FOLDER}/kubernetes/${name}`, `/usr/bin/${name}`, { mode: 0o755 });
  }
}

async function upToDate(): Promise<void> {
  await installAll();
  await startService(host, 'kubelet', INSTALLED);
}

describe('what the kubelet needs', () => {
  it.each<[string, 'worker' | 'control-plane', () => Promise<unknown>, string[]]>([
    ['both programs and one restart', 'worker', async () => undefined, [...INSTALLS, ...RESTART]],
    [
      'on a control-plane node the local API server first',
      'control-plane',
      async () => undefined,
      ['write /etc/kubernetes/kubelet.conf 600', ...INSTALLS, ...RESTART],
    ],
    [
      'not where it has that already',
      'control-plane',
      async () => {
        const path = '/etc/kubernetes/kubelet.conf';
        const text = (await readText(host, path)).replace('172.30.0.10', '172.30.0.11');
        await host.files.write(path, text, { mode: 0o600 });
      },
      [...INSTALLS, ...RESTART],
    ],
    [
      'no kubectl where there was none',
      'worker',
      () => host.files.remove('/usr/bin/kubectl'),
      [INSTALLS[0] ?? '', ...RESTART],
    ],
    ['nothing', 'worker', upToDate, []],
    [
      'no restart for kubectl alone',
      'worker',
      async () => {
        await upToDate();
        await host.files.write('/usr/bin/kubectl', 'kubectl v1.33.13\n', { mode: 0o755 });
      },
      [`install ${FOLDER}/kubernetes/kubectl /usr/bin/kubectl undefined v1.34.4`],
    ],
    ['a restart when it was cut before that', 'worker', installAll, RESTART],
    [
      'a restart when it does not run',
      'worker',
      async () => {
        await installAll();
        Object.assign(host.units['kubelet'] ?? {}, { ActiveState: 'activating', MainPID: '0' });
      },
      RESTART,
    ],
    ...[
      '/var/lib/kubelet/config.yaml',
      '/var/lib/kubelet/kubeadm-flags.env',
      '/etc/default/kubelet',
      DROP_IN,
    ].map((path): [string, 'worker', () => Promise<unknown>, string[]] => [
      `a restart when ${path} was changed since it started`,
      'worker',
      async () => {
        await upToDate();
        await touch(host, path, 59);
      },
      RESTART,
    ]),
    [
      'none for what was changed before it started, or is from the future',
      'worker',
      async () => {
        await upToDate();
        await touch(host, '/var/lib/kubelet/config.yaml', 61);
        await touch(host, '/etc/default/kubelet', -3600);
      },
      [],
    ],
    [
      'none for a kubelet.conf that it wrote itself',
      'control-plane',
      async () => {
        await upToDate();
        await touch(host, '/etc/kubernetes/kubelet.conf', 30);
      },
      [],
    ],
    [
      'a restart when a file of its configuration folder was changed',
      'worker',
      async () => {
        await upToDate();
        await host.files.write('/etc/default/kubelet', 'KUBELET_EXTRA_ARGS=--config-dir=/etc/k.d\n', {
          mode: 0o644,
        });
        await host.files.write('/etc/k.d/10-x.conf', 'maxPods: 5\n', { mode: 0o644 });
        await touch(host, '/etc/k.d/10-x.conf', 1);
      },
      RESTART,
    ],
  ])('%s (%s)', async (_, role, arrange, expected) => {
    const made = await createKubeletHost(role);
    host = made.host;
    await arrange();
    const steps = [{ name: 'kubeadm', timeoutSeconds: 60 } as const];
    const { actions, refusals } = await kubelet.prepare(host, contextFor(made.components, { steps }));
    expect(refusals).toEqual([]);
    expect(actions.map(line)).toEqual(expected);
  });

  it('of a patch version: no other API server', async () => {
    const made = await createKubeletHost('control-plane', 'v1.33.14');
    host = made.host;
    const steps = [{ name: 'kubeadm', timeoutSeconds: 60 } as const];
    const { actions } = await kubelet.prepare(host, contextFor(made.components, { steps }));
    expect(actions.map(({ do: kind }) => kind)).toEqual(['install', 'install', 'run', 'run']);
  });

  it('of 1.35: no flag that it would refuse, in any of the three places', async () => {
    const made = await createKubeletHost('worker', 'v1.35.0');
    host = made.host;
    const pause = '--pod-infra-container-image=registry.k8s.io/pause:3.10';
    const extra = Buffer.from(`KUBELET_EXTRA_ARGS=${pause}\n# no UTF-8: \xe9\n`, 'latin1');
    await host.files.write('/etc/default/kubelet', extra, { mode: 0o640 });
    const dropIn = await readText(host, DROP_IN);
    const added = `Environment="KUBELET_MORE_ARGS=--cloud-config= ${pause}"\n`;
    await host.files.write(DROP_IN, dropIn + added, { mode: 0o644 });
    const { actions, refusals } = await kubelet.prepare(host, contextFor(made.components));
    expect(refusals).toEqual([]);
    const writes = actions.flatMap((action) => (action.do === 'write' ? [action] : []));
    expect(
      writes.map(({ path, mode, change, content }) => [
        path,
        mode,
        change.what,
        Buffer.from(content).toString('latin1'),
      ]),
    ).toEqual([
      [
        '/var/lib/kubelet/kubeadm-flags.env',
        0o644,
        '/var/lib/kubelet/kubeadm-flags.env: without --pod-infra-container-image',
        'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/containerd/containerd.sock --node-ip=172.30.0.11"\n',
      ],
      [
        '/etc/default/kubelet',
        0o640,
        '/etc/default/kubelet: without --pod-infra-container-image',
        'KUBELET_EXTRA_ARGS=\n# no UTF-8: \xe9\n',
      ],
      [
        DROP_IN,
        0o644,
        `${DROP_IN}: without --cloud-config, --pod-infra-container-image`,
        `${dropIn}Environment="KUBELET_MORE_ARGS="\n`,
      ],
    ]);
    expect(actions.slice(-2).map(line)).toEqual(RESTART);
  });
});
