import { describe, expect, it } from '@jest/globals';
import { createEditGuard } from '../../../src/hook/external/edit-guard.ts';
import type { ClusterView, MachineView, Store } from '../../../src/hook/store.ts';
import { FROM, machineDeployment } from '../../helpers/external.ts';
import { fakeClock } from '../../helpers/clock.ts';

const cluster: ClusterView = {
  namespace: 'site',
  name: 'edge',
  uid: 'c',
  labels: { 'capi-refit.io/strategy': 'in-place' },
};
const edit = {
  uid: 'u',
  object: machineDeployment(),
  oldObject: machineDeployment(['/spec/template/spec/version', FROM]),
};

function machine(annotations: Record<string, string>): MachineView {
  const labels = { 'cluster.x-k8s.io/deployment-name': 'edge-md' };
  return {
    ...{ namespace: 'site', name: 'md-a', uid: 'm', resourceVersion: '1', labels, annotations },
    ...{ deleting: false, cluster: 'edge' },
  };
}

function guardOf(machines: MachineView[], known: ClusterView = cluster) {
  const clock = fakeClock();
  let tell: Parameters<Store['onChange']>[0] = () => undefined;
  const onChange = (listener: typeof tell): void => void (tell = listener);
  const store = { cluster: () => known, machines: () => machines, onChange } as unknown as Store;
  const guard = createEditGuard({ store, clock });
  return { guard, clock, seen: (changed: MachineView) => tell({ kind: 'Machine', machine: changed }) };
}

const moving = machine({ 'in-place-updates.internal.cluster.x-k8s.io/pending-acknowledge-move': '' });

describe('an edit of the template of a MachineDeployment', () => {
  it('is allowed when nothing moves', () => {
    expect(guardOf([machine({})]).guard.admit(edit)).toEqual({ allowed: true });
  });

  it('is refused while a Machine is moved', () => {
    const { allowed, message } = guardOf([moving]).guard.admit(edit);
    expect(allowed).toBe(false);
    expect(message).toContain('moving Machine md-a');
    expect(message).toContain('try again in 5 seconds');
  });

  it('is allowed after a minute of it: a Machine that is stranded by an edit is brought back by one', async () => {
    const { guard, clock } = guardOf([moving]);
    expect(guard.admit(edit).allowed).toBe(false);
    await clock.advance(59);
    expect(guard.admit(edit).allowed).toBe(false);
    await clock.advance(1);
    expect(guard.admit(edit).allowed).toBe(true);
  });

  it('is refused in every move anew', async () => {
    const { guard, clock, seen } = guardOf([moving]);
    seen(moving);
    await clock.advance(60);
    seen(machine({}));
    seen(moving);
    expect(guard.admit(edit).allowed).toBe(false);
  });

  it('is refused for 5 seconds after our yes', async () => {
    const { guard, clock } = guardOf([machine({})]);
    guard.accepted('site', 'edge-md');
    expect(guard.admit(edit).allowed).toBe(false);
    await clock.advance(5);
    expect(guard.admit(edit).allowed).toBe(true);
  });

  it('is remembered when it is let pass, and not when it is refused or asks for nothing else', async () => {
    const { guard, clock } = guardOf([machine({})]);
    await clock.advance(7);
    guard.admit({ ...edit, oldObject: edit.object });
    expect(guard.editedAt('site', 'edge-md')).toBeUndefined();
    guard.accepted('site', 'edge-md');
    guard.admit(edit);
    expect(guard.editedAt('site', 'edge-md')).toBeUndefined();
    await clock.advance(5);
    guard.admit(edit);
    expect(guard.editedAt('site', 'edge-md')).toBe(12);
    expect(guard.editedAt('site', 'other')).toBeUndefined();
  });

  it('is allowed after a yes for another MachineDeployment', () => {
    const { guard } = guardOf([machine({})]);
    guard.accepted('site', 'other');
    expect(guard.admit(edit).allowed).toBe(true);
  });

  it('is allowed in a Cluster that did not opt in', () => {
    expect(guardOf([moving], { ...cluster, labels: {} }).guard.admit(edit).allowed).toBe(true);
  });

  it('is allowed when it makes no Machine outdated', () => {
    const other = { ...edit, object: machineDeployment(['/spec/template/metadata', { labels: { a: 'b' } }]) };
    expect(guardOf([moving]).guard.admit({ ...other, oldObject: machineDeployment() }).allowed).toBe(true);
  });
});
