import { describe, expect, it } from '@jest/globals';
import { kubeletArguments } from '../../../src/steps/node/kubelet-arguments.ts';
import { parseFlagFile } from '../../../src/steps/node/kubelet-flags.ts';

const OWN =
  '--container-runtime-endpoint=unix:///run/containerd/containerd.sock --pod-infra-container-image=pause:3.10';
const file = (words: string): string => `KUBELET_KUBEADM_ARGS="${words}"\n`;
const argument = (text: string): { name: string; value: string } => {
  const [name = '', value = ''] = text.split('=');
  return { name, value };
};

describe('kubelet arguments', () => {
  it.each<[string, string, string[], string[] | undefined, string]>([
    [
      'are left when they are right',
      `${OWN} --max-pods=50`,
      ['max-pods=50'],
      ['max-pods'],
      `${OWN} --max-pods=50`,
    ],
    [
      'are left in another order',
      `--max-pods=50 ${OWN} --v=2`,
      ['v=2', 'max-pods=50'],
      ['v', 'max-pods'],
      `--max-pods=50 ${OWN} --v=2`,
    ],
    ['are added', OWN, ['max-pods=50'], [], `${OWN} --max-pods=50`],
    ['are changed', `--max-pods=50 ${OWN}`, ['max-pods=60'], ['max-pods'], `${OWN} --max-pods=60`],
    ['go when they were desired once', `${OWN} --max-pods=50 --v=4`, [], ['max-pods', 'v'], OWN],
    ["stay when they were somebody else's", `${OWN} --max-pods=50 --v=4`, [], ['v'], `${OWN} --max-pods=50`],
    [
      'go without a record when nobody asks for them',
      `${OWN} --max-pods=50 --v=4`,
      ['v=4'],
      undefined,
      `${OWN} --v=4`,
    ],
    [
      'of kubeadm stay, even when they were once desired instead of its own',
      `${OWN} --register-with-taints=a=b:NoSchedule`,
      [],
      ['container-runtime-endpoint', 'pod-infra-container-image', 'register-with-taints'],
      `${OWN} --register-with-taints=a=b:NoSchedule`,
    ],
    [
      'of kubeadm are replaced by desired ones',
      OWN,
      ['pod-infra-container-image=mirror/pause:3.10'],
      [],
      '--container-runtime-endpoint=unix:///run/containerd/containerd.sock --pod-infra-container-image=mirror/pause:3.10',
    ],
    [
      'of identity stay as they are',
      `${OWN} --node-ip=10.0.0.1 --hostname-override=node-1`,
      ['node-ip=10.0.0.2'],
      ['node-ip', 'hostname-override'],
      `${OWN} --node-ip=10.0.0.1 --hostname-override=node-1`,
    ],
    [
      'that are desired twice are both written, the last one for the kubelet to take',
      OWN,
      ['v=2', 'v=4'],
      [],
      `${OWN} --v=2 --v=4`,
    ],
    [
      'are the same with underscores',
      `${OWN} --max-pods=50`,
      ['max_pods=50'],
      ['max_pods'],
      `${OWN} --max-pods=50`,
    ],
    [
      'that cloud-init rendered stay as the node has them',
      `${OWN} --provider-id=aws:///eu/i-1`,
      ['provider-id=aws:///{{ ds.meta_data.az }}/{{ ds.meta_data.id }}'],
      undefined,
      `${OWN} --provider-id=aws:///eu/i-1`,
    ],
  ])('%s', (_, before, desired, recorded, after) => {
    const { text } = kubeletArguments(file(before), desired.map(argument), recorded);
    expect(text).toBe(file(after));
    expect(kubeletArguments(text, desired.map(argument), recorded).text).toBe(text);
  });

  it('make a file where none was', () => {
    const { text } = kubeletArguments('', [argument('v=2')], undefined);
    expect(parseFlagFile(text)).toEqual([{ name: 'v', value: '2' }]);
  });

  it('say which ones went although nobody knows where they came from', () => {
    const { removed, notes } = kubeletArguments(file(`${OWN} --v=4 --max-pods=50`), [], undefined);
    expect(removed).toEqual(['max-pods', 'v']);
    expect(notes).toEqual([
      "/var/lib/kubelet/kubeadm-flags.env: neither kubeadm's nor desired, taken out: max-pods, v",
    ]);
    expect(kubeletArguments(file(`${OWN} --v=4`), [], ['v']).notes).toEqual([]);
  });

  it('say which ones only cloud-init knows', () => {
    const { notes } = kubeletArguments(file(OWN), [argument('provider-id={{ v1.instance_id }}')], []);
    expect(notes).toEqual([expect.stringContaining('kubelet argument provider-id: left as it is')]);
  });
});
