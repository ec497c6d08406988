import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import {
  CERTIFICATES_EXPIRY_ANNOTATION,
  CONTROL_PLANE_LABEL,
  OPERATION_ANNOTATION,
} from '../../../src/api/labels.ts';
import { readRecord, writeRecord, type OperationRecord } from '../../../src/api/operation.ts';
import { protection } from '../../../src/api/protection.ts';
import { texts } from '../../../src/kubernetes/fields.ts';
import { complete } from '../../../src/steps/api/complete.ts';
import { machineObject, nodeObject, put } from './samples.ts';
import { apiSite, MACHINES, NODES, type ApiSite } from './site.ts';

const CONFIGS = '/apis/bootstrap.cluster.x-k8s.io/v1beta2/kubeadmconfigs';
const CONFIG = { collection: CONFIGS, namespace: 'lab', name: 'md-0-config' };
const RECORD: OperationRecord = {
  version: 1,
  number: 3,
  hash: 'v1-a',
  state: 'running',
  to: 'v1.34.3',
  startedAt: '2025-12-31T23:00:00Z',
};
const HELD = protection({}, new Date('2026-01-01T00:00:00Z'));
const BOOTSTRAP = { bootstrap: { configRef: { kind: 'KubeadmConfig', name: 'md-0-config' } } };
const CONTROL_PLANE = { [CONTROL_PLANE_LABEL]: '' };

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
  put(on.workload, NODES, nodeObject({ version: 'v1.34.3' }));
  put(on.management, CONFIGS, {
    metadata: {
      namespace: 'lab',
      name: 'md-0-config',
      annotations: { [CERTIFICATES_EXPIRY_ANNOTATION]: '2026-02-01', other: '1' },
    },
  });
});
afterEach(() => on.end());

const annotations = () => texts(on.machine(), 'metadata', 'annotations');
const configAnnotations = () => texts(on.management.data.get(CONFIG), 'metadata', 'annotations');
const putMachine = (record: OperationRecord | undefined, labels: JsonObject = {}): void => {
  const written = record ? writeRecord(record) : {};
  put(
    on.management,
    MACHINES,
    machineObject({ labels, annotations: { ...written, ...HELD }, spec: BOOTSTRAP }),
  );
};

describe('complete', () => {
  it('records the end, and takes our protection away in the same write', async () => {
    putMachine(RECORD);
    await expect(on.run(complete)).resolves.toEqual({
      message: 'recorded on the Machine',
      changes: [{ what: 'Machine' }],
    });
    expect(Object.keys(annotations())).toEqual([OPERATION_ANNOTATION]);
    expect(readRecord(annotations())).toEqual({
      ...RECORD,
      state: 'succeeded',
      finishedAt: '2026-01-01T00:00:00.000Z',
      node: { kubeletVersion: 'v1.34.3', ready: true },
    });
    expect(on.management.count('patch')).toBe(1);
    expect(configAnnotations()).toHaveProperty([CERTIFICATES_EXPIRY_ANNOTATION]);
  });

  it('has the date of the certificates of a control plane read again, before it records the end', async () => {
    putMachine(RECORD, CONTROL_PLANE);
    await on.run(complete);
    expect(configAnnotations()).toEqual({ other: '1' });
    const patched = on.management.requests
      .filter(({ verb }) => verb === 'patch')
      .map(({ path }) => path.split('/').at(-2));
    expect(patched).toEqual(['kubeadmconfigs', 'machines']);
  });

  it.each<[string, () => void]>([
    ['has no date yet', () => on.management.data.patch(CONFIG, { metadata: { annotations: null } })],
    ['is gone', () => on.management.data.delete(CONFIG)],
  ])('does not mind when the KubeadmConfig %s', async (_, prepare) => {
    prepare();
    putMachine(RECORD, CONTROL_PLANE);
    await expect(on.run(complete)).resolves.toMatchObject({ changes: [{ what: 'Machine' }] });
  });

  it('does nothing when it is repeated, whatever became of the Node', async () => {
    putMachine(RECORD);
    await on.run(complete);
    on.workload.data.patch({ collection: NODES, namespace: '', name: 'node-1' }, { status: null });
    on.management.requests = [];
    await expect(on.run(complete)).resolves.toEqual({ message: 'recorded before', changes: [] });
    expect(on.management.count('patch')).toBe(0);
  });

  it('waits for a Node that is late', async () => {
    putMachine(RECORD);
    const place = { collection: NODES, namespace: '', name: 'node-1' };
    on.workload.data.patch(place, { status: { nodeInfo: { kubeletVersion: 'v1.33.7' } } });
    on.later(11, () =>
      on.workload.data.patch(place, { status: { nodeInfo: { kubeletVersion: 'v1.34.3' } } }),
    );
    await on.run(complete);
    expect(readRecord(annotations())).toMatchObject({
      state: 'succeeded',
      finishedAt: '2026-01-01T00:00:12.000Z',
    });
  });

  it('fails when the Node is never as desired, and writes nothing', async () => {
    putMachine(RECORD, CONTROL_PLANE);
    on.workload.data.patch(
      { collection: NODES, namespace: '', name: 'node-1' },
      { status: nodeObject({ ready: false })['status'] ?? null },
    );
    await expect(on.run(complete)).rejects.toMatchObject({
      reason: 'Failed',
      message:
        'Machine lab/md-0: kubelet: got v1.33.7, expected v1.34.3; Node condition Ready: got False, expected True',
    });
    expect(on.management.count('patch')).toBe(0);
  });

  it.each<[string, OperationRecord | undefined, string]>([
    ['there is no record', undefined, 'operation record: got none, expected 3'],
    ['another operation is recorded', { ...RECORD, number: 4 }, 'operation record: got 4, expected 3'],
    ['it was ended', { ...RECORD, state: 'cancelled' }, 'operation 3: got cancelled, expected running'],
  ])('fails when %s', async (_, record, message) => {
    putMachine(record);
    await expect(on.run(complete)).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining(message),
    });
    expect(annotations()).toMatchObject(HELD);
  });

  it('of a Workflow submitted by hand only takes our protection away', async () => {
    const flags = { operation: undefined };
    putMachine(RECORD, CONTROL_PLANE);
    await expect(on.run(complete, { flags })).resolves.toEqual({
      message: 'submitted by hand: nothing recorded; protection removed',
      changes: [{ what: 'Machine' }],
    });
    expect(readRecord(annotations())).toEqual(RECORD);
    await expect(on.run(complete, { flags })).resolves.toEqual({
      message: 'submitted by hand: nothing recorded; nothing was protected',
      changes: [],
    });
  });
});
