// How far this machine's clock is from the API server's: certificates that kubeadm makes here must be valid there.
import { StatusError } from '../../api/errors.ts';
import type { Role } from '../../api/steps.ts';
import type { Host } from '../host/host.ts';
import { note, refusal, type Finding } from './findings.ts';
import { readKubeconfigFile } from './kubeconfig-file.ts';

export interface ClockFacts {
  /** Who was asked. */
  server: string;
  /** Of this machine, before the question and after the answer. */
  before: Date;
  after: Date;
  /** Header `Date` of the answer, in whole seconds; undefined: none. */
  date: Date | undefined;
}

const LARGEST_SKEW_SECONDS = 5;
const REQUEST_SECONDS = 10;

/** Errors: StatusError, Unavailable when the API server does not answer. */
export async function inspectClock(host: Host, role: Role): Promise<ClockFacts> {
  // On a control-plane node the kubelet may ask the API server of this very machine: the same clock.
  const path = `/etc/kubernetes/${role === 'control-plane' ? 'admin' : 'kubelet'}.conf`;
  const kubeconfig = await readKubeconfigFile(host, path);
  if (kubeconfig?.ca === undefined) {
    throw new StatusError(
      `${path}: got ${kubeconfig ? 'no CA' : 'no such file'}, expected the server and its CA`,
      {
        reason: 'Failed',
      },
    );
  }
  const { server, ca } = kubeconfig;
  const before = host.clock.now();
  // Whatever the status is: the answer has a date.
  const { headers } = await host.http({
    url: `${server.replace(/\/$/, '')}/livez`,
    tls: { ca },
    timeoutSeconds: REQUEST_SECONDS,
  });
  const after = host.clock.now();
  const date = new Date(headers['date'] ?? '');
  return { server, before, after, date: Number.isNaN(date.getTime()) ? undefined : date };
}

export function clockFindings(facts: ClockFacts): readonly Finding[] {
  const { server, date } = facts;
  if (date === undefined) return [note(`clock: not compared, ${server} gave no date`)];
  const skew = leastSkewSeconds({ ...facts, date });
  if (Math.abs(skew) <= LARGEST_SKEW_SECONDS) return [];
  const where = skew > 0 ? 'ahead of' : 'behind';
  return [
    refusal(
      `clock: got ${Math.abs(skew).toFixed(1)} s or more ${where} ${server}, expected at most ` +
        `${LARGEST_SKEW_SECONDS} s: correct the clock (chrony, systemd-timesyncd)`,
    ),
  ];
}

/** The date was true somewhen between question and answer, and cuts off up to a second: both count for the node. */
function leastSkewSeconds({ before, after, date }: ClockFacts & { date: Date }): number {
  const ahead = (before.getTime() - date.getTime()) / 1000 - 1;
  const behind = (date.getTime() - after.getTime()) / 1000;
  return ahead > 0 ? ahead : behind > 0 ? -behind : 0;
}
