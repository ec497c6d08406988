// Is this the machine that the plan is for?
import { X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import { z } from 'zod';
import { badInput } from '../../api/errors.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import { isObject } from '../../api/json.ts';
import type { Host } from '../host/host.ts';

const KUBELET_CONF = '/etc/kubernetes/kubelet.conf';
const FLAG_FILES = ['/var/lib/kubelet/kubeadm-flags.env', '/etc/default/kubelet', '/etc/sysconfig/kubelet'];

const kubeconfigSchema = z.object({
  users: z.array(
    z.object({
      name: z.string(),
      user: z
        .object({
          'client-certificate': z.string().optional(),
          'client-certificate-data': z.string().optional(),
        })
        .nullish(),
    }),
  ),
});

/** Errors: BadInput naming both values. */
export async function checkIdentity(host: Host, plan: HostPlan): Promise<void> {
  const { machineID, name } = plan.node;
  const ownID = (await text(host, '/etc/machine-id'))?.trim();
  if (ownID !== machineID) throw badInput('plan.node.machineID', machineID, `${ownID} (/etc/machine-id)`);
  const own = await nodeName(host);
  if (own && own.name !== name) throw badInput('plan.node.name', name, `${own.name} (${own.source})`);
}

/** As the kubelet has it: its identity to the API, else its flags, else the host name. undefined: nothing says it. */
export async function nodeName(host: Host): Promise<{ name: string; source: string } | undefined> {
  const identity = await kubeletIdentity(host);
  if (identity !== undefined) return { name: identity, source: KUBELET_CONF };
  for (const file of FLAG_FILES) {
    const name = /--hostname-override[= ]["']?([^\s"']+)/.exec((await text(host, file)) ?? '')?.[1];
    if (name !== undefined) return { name, source: file };
  }
  const hostname = (await text(host, '/proc/sys/kernel/hostname'))?.trim().toLowerCase();
  return hostname === undefined || hostname === '' ? undefined : { name: hostname, source: 'host name' };
}

async function kubeletIdentity(host: Host): Promise<string | undefined> {
  const content = await text(host, KUBELET_CONF);
  const kubeconfig = content === undefined ? undefined : kubeconfigSchema.safeParse(yaml(content)).data;
  for (const { name, user } of kubeconfig?.users ?? []) {
    const file = user?.['client-certificate'];
    const data = user?.['client-certificate-data'];
    const certificate =
      data === undefined ? file && (await text(host, file)) : Buffer.from(data, 'base64').toString();
    const found = (certificate && nodeOfCertificate(certificate)) ?? /^system:node:(.+)$/.exec(name)?.[1];
    if (found) return found;
  }
  return undefined;
}

function nodeOfCertificate(pem: string): string | undefined {
  try {
    return /^CN=system:node:(.+)$/m.exec(new X509Certificate(pem).subject)?.[1];
  } catch {
    return undefined;
  }
}

function yaml(content: string): unknown {
  try {
    const value: unknown = parse(content);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function text(host: Host, path: string): Promise<string | undefined> {
  return (await host.files.read(path))?.toString();
}
