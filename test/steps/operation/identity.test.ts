import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import { checkIdentity, nodeName } from '../../../src/steps/operation/identity.ts';
import { createMachine, type Machine } from './machine.ts';
import { MACHINE_ID, plan } from './samples.ts';

const CONF = '/etc/kubernetes/kubelet.conf';
const CERTIFICATE = '/var/lib/kubelet/pki/kubelet-client-current.pem';
let machine: Machine;
beforeEach(() => {
  machine = createMachine();
});
afterEach(() => machine.remove());

async function certificate(name: string): Promise<string> {
  const subject = [
    { name: 'organizationName', value: 'system:nodes' },
    { name: 'commonName', value: `system:node:${name}` },
  ];
  const { cert, private: key } = await generate(subject, { keyType: 'ec' });
  return `${cert}\n${key}`;
}

const kubeconfig = (user: string, name = 'default-auth'): string =>
  `apiVersion: v1\nkind: Config\nusers:\n- name: ${name}\n  user: {${user}}\n`;

describe('the name of the Node', () => {
  it("is that of the kubelet's certificate", async () => {
    machine.write(CONF, kubeconfig(`client-certificate: ${CERTIFICATE}, client-key: ${CERTIFICATE}`));
    machine.write(CERTIFICATE, await certificate('cp-1.example.org'));
    expect(await nodeName(machine.host)).toEqual({ name: 'cp-1.example.org', source: CONF });
  });

  it('is that of a certificate in kubelet.conf itself', async () => {
    const data = Buffer.from(await certificate('cp-2')).toString('base64');
    machine.write(CONF, kubeconfig(`client-certificate-data: ${data}`));
    expect(await nodeName(machine.host)).toEqual({ name: 'cp-2', source: CONF });
  });

  it.each([
    [
      "the user of kubelet.conf, as kubeadm's init names it",
      CONF,
      kubeconfig('', 'system:node:cp-3'),
      'cp-3',
    ],
    [
      'that of --hostname-override',
      '/var/lib/kubelet/kubeadm-flags.env',
      'KUBELET_KUBEADM_ARGS="--v=2 --hostname-override=edge-7 --x=y"\n',
      'edge-7',
    ],
    [
      'that of a quoted --hostname-override',
      '/etc/default/kubelet',
      "KUBELET_EXTRA_ARGS=--hostname-override 'edge-8'\n",
      'edge-8',
    ],
    ['the host name when nothing else says it', CONF, 'not: a kubeconfig', 'worker-1'],
    ['the host name when kubelet.conf is damaged', CONF, '{ [', 'worker-1'],
    ['the host name in lower case, as the kubelet has it', '/proc/sys/kernel/hostname', 'Edge-9\n', 'edge-9'],
  ])('is %s', async (_name, file, content, expected) => {
    machine.write(file, content);
    expect((await nodeName(machine.host))?.name).toBe(expected);
  });

  it('does not follow a certificate that is not the one of a node', async () => {
    machine.write(CONF, kubeconfig(`client-certificate: ${CERTIFICATE}`));
    machine.write(CERTIFICATE, 'not a certificate');
    expect((await nodeName(machine.host))?.name).toBe('worker-1');
  });
});

describe('a plan', () => {
  it('of this machine and this Node is accepted', async () => {
    await expect(checkIdentity(machine.host, plan())).resolves.toBeUndefined();
  });

  it('of another machine is refused, with both values', async () => {
    machine.write('/etc/machine-id', 'fedc\n');
    await expect(checkIdentity(machine.host, plan())).rejects.toMatchObject({
      reason: 'BadInput',
      message: `plan.node.machineID: got "${MACHINE_ID}", expected fedc (/etc/machine-id)`,
    });
  });

  it('of another Node is refused, with both values and where this one is from', async () => {
    machine.write(CONF, kubeconfig('', 'system:node:other'));
    await expect(checkIdentity(machine.host, plan())).rejects.toMatchObject({
      reason: 'BadInput',
      message: `plan.node.name: got "worker-1", expected other (${CONF})`,
    });
  });
});
