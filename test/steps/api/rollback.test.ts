import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../../../src/api/labels.ts';
import { writeRecord, type OperationRecord } from '../../../src/api/operation.ts';
import { texts } from '../../../src/kubernetes/fields.ts';
import { afterRollback, beforeRollback } from '../../../src/steps/api/rollback.ts';
import { machineObject, put } from './samples.ts';
import { apiSite, MACHINES, nodeReport, type ApiSite } from './site.ts';

const RECORD: OperationRecord = {
  version: 1,
  number: 3,
  hash: 'v1-a',
  state: 'failed',
  to: 'v1.34.3',
  startedAt: '2025-12-31T23:00:00Z',
};

let on: ApiSite;
beforeEach(async () => void (on = await apiSite()));
afterEach(() => on.end());

const blocked = () => texts(on.machine(), 'metadata', 'annotations')[BLOCKED_ANNOTATION];
const putMachine = (record: OperationRecord): void =>
  void put(
    on.management,
    MACHINES,
    machineObject({ annotations: writeRecord(record), spec: { version: 'v1.34.3' } }),
  );

describe('rollback', () => {
  it('marks the Machine before the node is touched', async () => {
    putMachine(RECORD);
    await on.run(beforeRollback);
    expect(blocked()).toBe('operation 3 is being rolled back');
  });

  it('takes back a retry that waits, which would go forward beside it', async () => {
    putMachine(RECORD);
    on.management.data.patch(
      { collection: MACHINES, namespace: 'lab', name: 'md-0' },
      { metadata: { annotations: { [RETRY_ANNOTATION]: '' } } },
    );
    await on.run(beforeRollback);
    expect(texts(on.machine(), 'metadata', 'annotations')).not.toHaveProperty([RETRY_ANNOTATION]);
  });

  it('says in the end what became of the node, and that more is still asked for', async () => {
    putMachine(RECORD);
    const report = nodeReport({}, 'kubelet: restored: /usr/bin/kubelet');
    await expect(on.run(afterRollback, { report })).resolves.toMatchObject({
      message: report.result.message,
    });
    expect(blocked()).toBe(
      'operation 3 was rolled back; Cluster API still asks for v1.34.3. On the node: kubelet: restored: /usr/bin/kubelet',
    );
  });

  it('marks nothing when the node is only looked at', async () => {
    putMachine(RECORD);
    const flags = { dataLoss: 'look' } as const;
    await on.run(beforeRollback, { flags });
    const report = nodeReport({}, 'control plane: can go back');
    await expect(on.run(afterRollback, { report, flags })).resolves.toMatchObject({
      message: 'control plane: can go back',
    });
    expect(blocked()).toBeUndefined();
  });

  it('keeps the mark short, whatever the node says', async () => {
    putMachine(RECORD);
    await on.run(afterRollback, { report: nodeReport({}, 'x'.repeat(5000)) });
    expect(blocked()).toHaveLength(500);
  });

  it.each(['starting', 'running', 'stopping'] as const)(
    'does not begin while an operation is %s',
    async (state) => {
      putMachine({ ...RECORD, number: 4, state });
      await expect(on.run(beforeRollback)).rejects.toThrow(
        `Machine lab/md-0: operation 4: got ${state}, expected an end`,
      );
      expect(blocked()).toBeUndefined();
    },
  );
});
