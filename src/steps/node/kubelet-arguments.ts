// Which arguments kubeadm-flags.env gives the kubelet: kubeadm's own and the desired ones. Pure.
import { isRenderedAtBoot } from '../../api/cloud-init.ts';
import { parseFlagFile, setFlags, withoutFlags } from './kubelet-flags.ts';

export const KUBELET_FLAGS_FILE = '/var/lib/kubelet/kubeadm-flags.env';

export interface KubeletArguments {
  /** What the file must hold; the same text: it is right. */
  text: string;
  /** Names of those that go. */
  removed: readonly string[];
  /** What was left alone, and why; what goes although nobody can say where it came from. */
  notes: readonly string[];
}

interface ExtraArgument {
  name: string;
  value: string;
}

/** What kubeadm itself writes there (phases/kubelet/flags.go, 1.28 to 1.37), and wrote before 1.24. */
const KUBEADM_OWN: readonly string[] = [
  ...['container-runtime-endpoint', 'hostname-override', 'pod-infra-container-image', 'register-with-taints'],
  ...['cgroup-driver', 'container-runtime', 'network-plugin'],
];

/** They belong to the identity of the node: a change of them is not claimed, and one that is there stays. */
const IDENTITY: readonly string[] = ['hostname-override', 'node-ip', 'node-labels', 'root-dir'];

/**
 * Of a name that is desired more than once all are written, in their order, as kubeadm does; the kubelet takes the last or
 * joins them. `recorded`: names that the last operation's configuration had; undefined: nobody knows them, so all that is
 * neither kubeadm's nor desired counts as once desired (a person's own belong into /etc/default/kubelet).
 * Errors: StatusError Failed when the file is quoted in a way in which nothing can be taken out.
 */
export function kubeletArguments(
  text: string,
  desired: readonly ExtraArgument[],
  recorded: readonly string[] | undefined,
): KubeletArguments {
  const names = new Set(parseFlagFile(text).map(({ name }) => name));
  const wanted = desired.map(({ name, value }) => ({ name: spelled(name), value }));
  const stay = new Set([...KUBEADM_OWN, ...IDENTITY, ...wanted.map(({ name }) => name)]);
  const gone = recorded?.map(spelled) ?? [...names];
  const removed = [...names].filter((name) => gone.includes(name) && !stay.has(name)).sort();
  const left = wanted.filter(
    ({ name, value }) => isRenderedAtBoot(value) || (IDENTITY.includes(name) && names.has(name)),
  );
  return {
    text: setFlags(
      removed.length === 0 ? text : withoutFlags(text, removed),
      wanted.filter((argument) => !left.includes(argument)),
    ),
    removed,
    notes: [
      ...left
        .filter(({ value }) => isRenderedAtBoot(value))
        .map(
          ({ name }) => `kubelet argument ${name}: left as it is: cloud-init rendered it at the first boot`,
        ),
      ...(recorded === undefined && removed.length > 0
        ? [`${KUBELET_FLAGS_FILE}: neither kubeadm's nor desired, taken out: ${removed.join(', ')}`]
        : []),
    ],
  };
}

/** As the kubelet takes them, and parseFlagFile gives them. */
function spelled(name: string): string {
  return name.replace(/^-+/, '').replaceAll('_', '-');
}
