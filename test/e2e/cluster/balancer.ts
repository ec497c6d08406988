// haproxy in front of several API servers.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from '../../host/nspawn.ts';
import { type ClusterDescription, type ClusterLayout, makeFolder } from './folder.ts';
import { bridgeNamespace, balancerAddress } from './network.ts';

/** Goes on when this process ends. */
export function startBalancer(layout: ClusterLayout, cluster: ClusterDescription): void {
  makeFolder(layout.balancer);
  const file = configFile(layout);
  writeFileSync(file, configuration(cluster));
  const words = ['netns', 'exec', bridgeNamespace(cluster.id), 'haproxy', '-db', '-f', file];
  spawn('ip', words, { detached: true, stdio: 'ignore' }).unref();
}

export async function stopBalancer(layout: ClusterLayout): Promise<void> {
  const isOurs = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(configFile(layout));
    } catch {
      return false;
    }
  };
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isOurs(pid));
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  for (const pid of pids) while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

const configFile = ({ balancer }: ClusterLayout): string => path.join(balancer, 'haproxy.cfg');

/**
 * An API server that is not ready is left out within two seconds, sooner than it stops serving (kubeadm.ts); one that is
 * merely slow, as all are on a busy machine, is not. Whom nobody answers is sent to another one.
 */
function configuration({ prefix, nodes }: ClusterDescription): string {
  const servers = nodes
    .filter(({ role }) => role === 'control-plane')
    .map(({ name, address }) => `  server ${name} ${address}:6443 check check-ssl verify none`);
  return [
    'defaults',
    '  mode tcp',
    '  timeout connect 2s',
    '  timeout client 1h',
    '  timeout server 1h',
    '  timeout check 5s',
    '  option redispatch 1',
    'listen api',
    `  bind ${balancerAddress(prefix)}:6443`,
    '  option httpchk GET /readyz',
    '  default-server inter 1s fall 2 rise 2',
    ...servers,
    '',
  ].join('\n');
}
