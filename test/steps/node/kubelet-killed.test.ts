import { expect, it } from '@jest/globals';
import type { Host } from '../../../src/steps/host/host.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeletHost, INSTALLED, performKubelet, readText } from './kubelet-host.ts';

/** A host on which the program is killed before its nth change: nothing of it goes on. */
function killedAt(host: TestHost, nth: number): { on: Host; killed: Promise<undefined> } {
  let count = 0;
  let tell = (): void => undefined;
  const killed = new Promise<undefined>((resolve) => (tell = () => resolve(undefined)));
  const change = <R>(act: () => Promise<R>): Promise<R> => {
    count += 1;
    if (count < nth) return act();
    tell();
    return new Promise(() => undefined);
  };
  const files: Host['files'] = {
    ...host.files,
    write: (...words) => change(() => host.files.write(...words)),
    copy: (...words) => change(() => host.files.copy(...words)),
    remove: (...words) => change(() => host.files.remove(...words)),
    makeFolder: (...words) => change(() => host.files.makeFolder(...words)),
  };
  const run: Host['run'] = (argv, options) => {
    const isChange = argv[0] === 'systemctl' && argv[1] !== 'show';
    return isChange ? change(() => host.run(argv, options)) : host.run(argv, options);
  };
  return { on: { ...host, files, run }, killed };
}

it('killed before any of its changes, the step leaves whole files and is finished by its next run', async () => {
  let nth = 1;
  for (let isKilled = true; isKilled; nth += 1) {
    const { host, components } = await createKubeletHost('control-plane', 'v1.35.0');
    const { on, killed } = killedAt(host, nth);
    isKilled = (await Promise.race([performKubelet(host, components, { on }), killed])) === undefined;
    expect(await readText(host, INSTALLED)).toMatch(/^kubelet v1\.(33\.13|35\.0)\n$/);
    expect(await readText(host, '/usr/bin/kubectl')).toMatch(/^kubectl v1\.(33\.13|35\.0)\n$/);

    const operation = isKilled ? 'machine-1-1' : 'machine-1-2';
    const { result } = await performKubelet(host, components, { operation });
    expect(result.outcome).toBe(isKilled ? 'changed' : 'unchanged');
    expect(await readText(host, '/proc/1234/exe')).toBe('kubelet v1.35.0\n');
    expect(await readText(host, '/etc/kubernetes/kubelet.conf')).toContain(
      'server: https://172.30.0.11:6443\n',
    );
    expect(await readText(host, '/var/lib/kubelet/kubeadm-flags.env')).not.toContain('pod-infra');
    await host.remove();
  }
  // Four files, two commands, and the journal's own.
  expect(nth).toBeGreaterThan(10);
});
