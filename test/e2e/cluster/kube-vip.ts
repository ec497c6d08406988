// kube-vip as a static pod: the control plane that leads has the address of the API. Pure.
import { stringify } from 'yaml';
import { KUBE_VIP_IMAGE } from '../images/kube-vip-image.ts';
import type { ClusterDescription } from './folder.ts';
import { balancerAddress } from './network.ts';

export const KUBE_VIP_FILE = '/etc/kubernetes/manifests/kube-vip.yaml';

/** The times that its documentation gives: another one leads 5 s after the last word of the one before. */
const LEASE = { vip_leaseduration: '5', vip_renewdeadline: '3', vip_retryperiod: '1' };

export function kubeVipManifest({ prefix }: ClusterDescription, kubeconfig = 'admin.conf'): string {
  const environment = {
    ...{ address: balancerAddress(prefix), port: '6443', vip_interface: 'eth0', vip_subnet: '32' },
    ...{
      vip_arp: 'true',
      cp_enable: 'true',
      cp_namespace: 'kube-system',
      vip_leaderelection: 'true',
      ...LEASE,
    },
  };
  const path = '/etc/kubernetes/admin.conf';
  return stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'kube-vip', namespace: 'kube-system' },
    spec: {
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      // It speaks to the API server beside it, by this name of its certificate.
      hostAliases: [{ ip: '127.0.0.1', hostnames: ['kubernetes'] }],
      containers: [
        {
          name: 'kube-vip',
          image: KUBE_VIP_IMAGE,
          imagePullPolicy: 'IfNotPresent',
          args: ['manager'],
          env: [
            { name: 'vip_nodename', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            ...Object.entries(environment).map(([name, value]) => ({ name, value })),
          ],
          // Addresses of the interface, and ARP.
          securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] } },
          volumeMounts: [{ name: 'kubeconfig', mountPath: path }],
        },
      ],
      volumes: [{ name: 'kubeconfig', hostPath: { path: `/etc/kubernetes/${kubeconfig}`, type: 'File' } }],
    },
  });
}
