import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { writeExternal, type ExternalState } from '../../../src/api/external-record.ts';
import { followOwners } from '../../../src/hook/external/follow.ts';
import type { Owners, OwnerView } from '../../../src/hook/external/owners.ts';
import { silent } from '../../../src/hook/log.ts';
import { createMetrics } from '../../../src/hook/metrics.ts';
import type { Store } from '../../../src/hook/store.ts';
import { fakeClock } from '../../helpers/clock.ts';

const clock = fakeClock();
let abort: AbortController;
let owners: OwnerView[];
let change: Parameters<Owners['onChange']>[0];
let looked: string[];
let told: string[];
let trouble: StatusError | undefined;

beforeEach(() => {
  [abort, owners, looked, told, trouble] = [new AbortController(), [], [], [], undefined];
  followOwners(
    {
      owners: { start: () => undefined, all: () => owners, onChange: (listener) => (change = listener) },
      store: { ready: () => true, onChange: () => undefined } as unknown as Store,
      upgrades: {
        async reconcile({ name }) {
          looked.push(name);
          if (trouble) throw trouble;
        },
      },
      announce: (_about, type, reason, message) => void told.push(`${type} ${reason} ${message}`),
      ...{ clock, log: silent, metrics: createMetrics(() => []) },
    },
    abort.signal,
  );
});
afterEach(() => abort.abort());

function owner(state: ExternalState, reason?: string): OwnerView {
  const record = { version: 1, number: 3, to: 'v1.34.3', state } as const;
  const annotations = writeExternal({ ...record, ...(reason === undefined ? {} : { reason }) });
  return { kind: 'KubeadmControlPlane', namespace: 'site', name: state, uid: 'u', annotations };
}

describe('owners', () => {
  it('are looked at now and then while there is something to do', async () => {
    const unreadable = {
      ...owner('failed'),
      name: 'unreadable',
      annotations: { 'capi-refit.io/external': '{' },
    };
    const bare = { ...owner('failed'), name: 'bare', annotations: {} };
    owners = [
      ...(['requested', 'declined', 'running', 'succeeded', 'failed'] as const).map((state) => owner(state)),
    ];
    owners.push(unreadable, bare);
    await clock.advance(20);
    expect(looked).toEqual(['requested', 'declined', 'running', 'failed', 'unreadable']);
  });

  it('say in an Event how their upgrade ended, whoever recorded it', () => {
    change(owner('failed', 'Machine cp-a: not upgraded'), owner('running'));
    change(owner('succeeded'), owner('running'));
    change(owner('succeeded'), owner('succeeded'));
    change(owner('failed'));
    expect(told).toEqual([
      'Warning ExternalUpgradeFailed upgrade 3 to v1.34.3: Machine cp-a: not upgraded',
      'Normal ExternalUpgradeFinished upgrade 3 to v1.34.3: done',
    ]);
  });

  it('in a namespace that Refit was not installed for are told so', async () => {
    trouble = new StatusError('PATCH x: 403 is forbidden', { reason: 'Forbidden' });
    change(owner('requested'));
    await clock.settle();
    expect(told).toEqual([
      'Warning ExternalUpgradeForbidden PATCH x: 403 is forbidden. Has namespace site the manifests that Refit needs in it?',
    ]);
  });
});
