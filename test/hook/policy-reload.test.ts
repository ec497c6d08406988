import { afterEach, describe, expect, it } from '@jest/globals';
import { parsePolicy, type Policy } from '../../src/api/policy.ts';
import { announcer } from '../../src/hook/announce.ts';
import { embeddedStore } from '../../src/hook/embedded/store.ts';
import { createMetrics } from '../../src/hook/metrics.ts';
import { reloadedPolicy } from '../../src/hook/policy-reload.ts';
import { fakeClock } from '../helpers/clock.ts';
import { recordingLog } from '../helpers/log.ts';

let abort: AbortController;
afterEach(() => abort.abort());

describe('a policy that changes while the server runs', () => {
  it('counts from then on, and is told with its keys in log, metric and Event', async () => {
    const site = reloading({ drain: 'auto' });
    site.file = { drain: 'never', timeouts: { drain: 60 } };
    await site.clock.advance(5);
    expect(site.policy()).toEqual(parsePolicy(site.file));
    const keys = 'drain, timeouts.drain';
    expect(site.log.entries).toEqual([{ level: 'info', keys: { keys }, message: 'policy changed' }]);
    expect(site.store.events()).toEqual([
      {
        ...{ kind: 'ConfigMap', namespace: 'capi-refit-system', name: 'refit-policy', count: 1 },
        ...{ type: 'Normal', reason: 'PolicyChanged', message: `the policy in use has changed: ${keys}` },
      },
    ]);
    expect(await site.metrics()).toEqual({ valid: 1, changed: 1, refused: undefined });
  });

  it('is not told while it does not', async () => {
    const site = reloading({ drain: 'auto' });
    await site.clock.advance(60);
    expect(site.log.entries).toEqual([]);
    expect(site.store.events()).toEqual([]);
  });
});

describe('a bad policy', () => {
  it('keeps the last good one, and says so with every bad key', async () => {
    const site = reloading({ drain: 'always' });
    site.file = { drain: 'perhaps', surprise: 1 };
    await site.clock.advance(60);
    expect(site.policy().drain).toBe('always');
    const problems =
      'policy.drain: got "perhaps", expected auto or always or never; policy.surprise: no such key';
    // Once, however often it is read.
    expect(site.log.entries).toMatchObject([{ level: 'error', keys: { reason: problems } }]);
    expect(site.store.events()).toMatchObject([
      { type: 'Warning', reason: 'PolicyInvalid', message: `the last good policy stays in use: ${problems}` },
    ]);
    expect(await site.metrics()).toEqual({ valid: 0, changed: undefined, refused: 1 });
  });

  it('is over when the files are as before, or good in another way', async () => {
    const site = reloading({ drain: 'always' });
    site.file = { drain: 'perhaps' };
    await site.clock.advance(5);
    site.file = { drain: 'always' };
    await site.clock.advance(5);
    expect(await site.metrics()).toEqual({ valid: 1, changed: undefined, refused: 1 });
    site.file = { drain: 'perhaps' };
    await site.clock.advance(5);
    site.file = { drain: 'never' };
    await site.clock.advance(5);
    expect(site.policy().drain).toBe('never');
    expect(await site.metrics()).toEqual({ valid: 1, changed: 1, refused: 2 });
  });
});

function reloading(first: unknown) {
  abort = new AbortController();
  const clock = fakeClock();
  const log = recordingLog();
  const store = embeddedStore({ clock, stepSeconds: () => 1 });
  const metrics = createMetrics(() => []);
  const site = { file: first };
  const read = async (): Promise<Policy> => parsePolicy(site.file);
  const configMap = { namespace: 'capi-refit-system', name: 'refit-policy' };
  const announce = announcer({ store, log, metrics });
  const options = { first: parsePolicy(first), read, configMap, clock, log, metrics, announce };
  const policy = reloadedPolicy(options, abort.signal);
  return Object.assign(site, {
    ...{ clock, log, store, policy },
    async metrics() {
      const value = async (name: string, result?: string): Promise<number | undefined> => {
        const found = await metrics.registry.getSingleMetric(name)?.get();
        return found?.values.find(({ labels }) => labels['result'] === result)?.value;
      };
      return {
        valid: await value('refit_policy_valid'),
        changed: await value('refit_policy_reloads_total', 'changed'),
        refused: await value('refit_policy_reloads_total', 'refused'),
      };
    },
  });
}
