import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CORDONED_BY_ANNOTATION } from '../../../src/api/labels.ts';
import { afterFinish } from '../../../src/steps/api/finish.ts';
import { machineObject, nodeObject, put } from './samples.ts';
import { apiSite, MACHINES, nodeReport, NODES, type ApiSite } from './site.ts';

const FAILED = { workflowStatus: 'Failed' };
const CORDONED = { cordoned: true, annotations: { [CORDONED_BY_ANNOTATION]: 'op-3' } };

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
  put(on.management, MACHINES, machineObject());
});
afterEach(() => on.end());

describe('finish', () => {
  it.each<[string, Record<string, string> | undefined, string]>([
    ['an idle host', { host: 'idle' }, 'idle'],
    ['a host that works', { host: 'working' }, 'working'],
    ['a host that could not be asked', undefined, 'unknown'],
    ['a host that says something else', { host: 'asleep' }, 'unknown'],
  ])('reports %s', async (_, outputs, host) => {
    put(on.workload, NODES, nodeObject());
    const report = outputs && nodeReport(outputs);
    const outcome = await on.run(afterFinish, { flags: FAILED, ...(report ? { report } : {}) });
    expect(outcome.outputs).toEqual({ host });
  });

  it('says that the Workflow failed and the cordon stays, and leaves it', async () => {
    put(on.workload, NODES, nodeObject(CORDONED));
    const before = on.node();
    await expect(
      on.run(afterFinish, { flags: FAILED, report: nodeReport({ host: 'idle' }, 'no unit runs') }),
    ).resolves.toMatchObject({
      message:
        'the Workflow ended Failed; the node is idle; no unit runs; the Node is left cordoned (by op-3)',
    });
    expect(on.node()).toEqual(before);
  });

  it('says nothing of a cordon that is not ours', async () => {
    put(on.workload, NODES, nodeObject({ cordoned: true }));
    await expect(on.run(afterFinish, { flags: FAILED })).resolves.toMatchObject({
      message: 'the Workflow ended Failed; the node could not be asked',
    });
  });

  it('does not need the API when all went well', async () => {
    await on.run(afterFinish, {
      flags: { workflowStatus: 'Succeeded' },
      report: nodeReport({ host: 'idle' }),
    });
    expect(on.workload.requests).toEqual([]);
  });

  it('ends well although the API is away', async () => {
    on.workload.failNext(1, 503);
    await expect(on.run(afterFinish, { flags: FAILED })).resolves.toMatchObject({
      message: expect.stringContaining('whether the Node is cordoned is not known: GET'),
      outputs: { host: 'unknown' },
    });
  });
});
