import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { containerd } from '../../../src/steps/node/containerd.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import { createContainerdHost, FOLDER, INSTALLED, STAGED } from './containerd-host.ts';
import type { TestHost } from './host-tree.ts';
import { contextFor, startService, writeRelease } from './release.ts';

const RESTART = {
  do: 'run',
  argv: ['systemctl', 'restart', 'containerd'],
  timeoutSeconds: 200,
  change: { what: 'containerd', from: 'v1.7.27', to: 'v2.1.4' },
};

let host: TestHost;
let components: StagedComponents;
beforeEach(async () => {
  ({ host, components } = await createContainerdHost());
});
afterEach(() => host.remove());

const install = (name: string, to: string): unknown => {
  const sha256 = components.files.find((file) => file.name === name)?.sha256;
  return {
    do: 'install',
    from: `${FOLDER}/containerd/${name}`,
    to,
    sha256,
    change: { what: to, to: 'v2.1.4', sha256 },
  };
};

describe('what containerd needs', () => {
  it.each<[string, () => Promise<void>, () => unknown]>([
    [
      'all of it',
      async () => undefined,
      () => [
        install('containerd', INSTALLED),
        install('containerd-shim-runc-v2', '/usr/local/bin/containerd-shim-runc-v2'),
        install('ctr', '/usr/local/bin/ctr'),
        install('runc', '/usr/local/sbin/runc'),
        RESTART,
      ],
    ],
    [
      'runc where the service finds it first',
      async () => {
        await host.files.write('/usr/bin/runc', 'runc 1.1.0\n', { mode: 0o755 });
        Object.assign(host.units['containerd'] ?? {}, { Environment: 'PATH=/usr/sbin:/usr/bin' });
      },
      () => expect.arrayContaining([install('runc', '/usr/bin/runc')]),
    ],
    [
      'runc where none was',
      () => host.files.remove('/usr/local/sbin/runc'),
      () => expect.arrayContaining([install('runc', '/usr/local/sbin/runc')]),
    ],
    [
      'only a restart when it was cut before that',
      async () => {
        for (const { name } of components.files.filter(({ component }) => component === 'containerd')) {
          const to = name === 'runc' ? '/usr/local/sbin/runc' : `/usr/local/bin/${name}`;
          await host.files.copy(`${FOLDER}/containerd/${name}`, to, { mode: 0o755 });
        }
      },
      () => [RESTART],
    ],
  ])('%s', async (_, arrange, expected) => {
    await arrange();
    const { actions, refusals, notes } = await containerd.prepare(host, contextFor(components));
    expect(refusals).toEqual([]);
    expect(actions).toEqual(expected());
    // Why it is restarted is only said where the files do not.
    const reason = expect.stringMatching(/^containerd.service runs containerd: got sha256/);
    expect(notes).toEqual(actions.length === 1 ? [reason] : []);
  });

  it('nothing, when the release brings none', async () => {
    const { containerd: _version, ...rest } = components;
    const notes = ['the release brings no containerd'];
    expect(_version).toBe('v2.1.4');
    expect(await containerd.prepare(host, contextFor(rest))).toEqual({ refusals: [], actions: [], notes });
    expect(await containerd.problems(host, contextFor(rest))).toEqual([]);
  });

  it('the configuration file that the service names', async () => {
    const words = '/usr/local/bin/containerd --config /etc/c.toml $OPTIONS';
    Object.assign(host.units['containerd'] ?? {}, {
      ExecStart: `{ path=/usr/local/bin/containerd ; argv[]=${words} ; ignore_errors=no ; pid=987 }`,
    });
    host.answer([INSTALLED, '--config', '/etc/c.toml', 'config', 'dump'], '');
    host.answer([STAGED, '--config', '/etc/c.toml', 'config', 'dump'], '');
    expect((await containerd.prepare(host, contextFor(components))).refusals).toEqual([]);
    expect(host.commands.filter(([program]) => program === STAGED)).toEqual([
      [STAGED, '--config', '/etc/c.toml', 'config', 'dump'],
    ]);
  });

  it('somebody to know what else goes with it', async () => {
    Object.assign(host.units['containerd'] ?? {}, { KillMode: 'control-group' });
    host.answer(['dpkg-query', '-S'], { stdout: `containerd.io: ${INSTALLED}\n`, code: 1 });
    const { notes } = await containerd.prepare(host, contextFor(components));
    expect(notes).toEqual([
      'containerd.service: KillMode is control-group: all containers of the node end with its restart',
      `${INSTALLED} belongs to package containerd.io, which does not know of the new file: keep it on hold`,
    ]);
  });
});

describe('containerd is refused', () => {
  it.each([
    ['v1.7.27', 'v2.2.0', 'expected 2.0 or 2.1 first'],
    ['v1.7.27', '2.3.1', 'expected 2.0 or 2.1 first'],
    ['v2.1.4', 'v1.7.28', 'expected no lower major version'],
    ['1.6.20~ds1', 'v2.1.4', undefined],
    ['v2.1.4', 'v2.3.0', undefined],
    ['v2.2.0', 'v2.1.4', undefined],
  ])('from %s to %s: %s', async (from, to, refusal) => {
    await host.files.write(INSTALLED, `containerd ${from}\n`, { mode: 0o755 });
    await startService(host, 'containerd', INSTALLED);
    components = await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4', containerd: to });
    const { refusals } = await containerd.prepare(host, contextFor(components));
    const got = `containerd: got ${from} here and ${to} in the release, `;
    expect(refusals).toEqual(refusal === undefined ? [] : [expect.stringContaining(got + refusal)]);
  });

  it('when the new one does not take the configuration, whose content is not told', async () => {
    const stderr = 'containerd: failed to load: near "password = \'hunter2\'": strict mode\n';
    host.answer([STAGED, 'config', 'dump'], { code: 1, stderr });
    expect((await containerd.prepare(host, contextFor(components))).refusals).toEqual([
      "containerd's configuration: got exit code 1 of containerd v2.1.4: containerd: failed to load: near ...: strict mode, expected 0",
    ]);
  });

  it('when a staged file is not what the manifest says', async () => {
    await host.files.write(`${FOLDER}/containerd/runc`, 'runc v2.1.3\n', { mode: 0o755 });
    const { result } = await performStep(containerd, host, contextFor(components), { timeoutSeconds: 60 });
    expect(result).toMatchObject({ outcome: 'failed', changes: [] });
    expect(result.message).toContain(`${FOLDER}/containerd/runc: got sha256`);
  });

  it('where the kubelet uses another runtime', async () => {
    const env = 'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/crio/crio.sock"\n';
    await host.files.write('/var/lib/kubelet/kubeadm-flags.env', env, { mode: 0o644 });
    const refusals = ['containerd: got another runtime, or none'];
    expect(await containerd.prepare(host, contextFor(components))).toMatchObject({ refusals, actions: [] });
  });
});
