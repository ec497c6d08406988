// A change of the policy while the server runs: a good one counts from then on, a bad one is told and changes nothing.
import type { Clock } from '../api/clock.ts';
import { StatusError } from '../api/errors.ts';
import { isObject } from '../api/json.ts';
import type { Policy } from '../api/policy.ts';
import type { Announce } from './announce.ts';
import { follow } from './follow.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

export interface PolicyReload {
  /** Errors: BadInput naming every bad key. */
  read: () => Promise<Policy>;
  /** What the files are mounted from: Events are about it. */
  configMap?: { namespace: string; name: string };
}

export interface PolicyReloadOptions extends PolicyReload {
  first: Policy;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  announce: Announce;
}

const LOOK_SECONDS = 5;

/** The last good one, whenever it is asked for. */
export function reloadedPolicy(options: PolicyReloadOptions, signal: AbortSignal): () => Policy {
  const { first, read, configMap, clock, log, metrics, announce } = options;
  let current = first;
  /** Why the files are bad, if they are. */
  let trouble: string | undefined;

  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void => {
    if (configMap) announce({ ...configMap, kind: 'ConfigMap' }, type, reason, message);
  };

  function apply(policy: Policy): void {
    const keys = changedKeys(current, policy).join(', ');
    current = policy;
    metrics.policyReloads.inc({ result: 'changed' });
    log.info({ keys }, 'policy changed');
    tell('Normal', 'PolicyChanged', `the policy in use has changed: ${keys}`);
  }

  function good(): void {
    if (trouble === undefined) return;
    trouble = undefined;
    metrics.policyValid.set(1);
    log.info({}, 'policy is good again');
  }

  function failed(error: unknown): void {
    const reason = error instanceof StatusError ? error.message : 'cannot be read';
    metrics.policyValid.set(0);
    tell('Warning', 'PolicyInvalid', `the last good policy stays in use: ${reason}`);
    // Said once: it is looked at again and again.
    if (trouble === reason) return;
    trouble = reason;
    metrics.policyReloads.inc({ result: 'refused' });
    log.error({ reason, err: error }, 'policy not reloaded: the last good one stays in use');
  }

  void follow({ read, served: first, clock, seconds: LOOK_SECONDS, signal, apply, good, failed });
  return () => current;
}

/** `drain`, `timeouts.drain`; a list and a release are one value each. */
function changedKeys(before: object, after: object, depth = 0): string[] {
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) => {
    const [from, to] = [old[key], now[key]];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    if (depth > 0 || !isObject(from) || !isObject(to)) return [key];
    return changedKeys(from, to, depth + 1).map((below) => `${key}.${below}`);
  });
}
