// Whose cordon it is, through drain and uncordon.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { CORDONED_BY_ANNOTATION } from '../../../src/api/labels.ts';
import { drain } from '../../../src/steps/api/drain.ts';
import { uncordon } from '../../../src/steps/api/uncordon.ts';
import { machineObject, nodeObject, podObject, put, type NodeSample } from './samples.ts';
import { apiSite, MACHINES, NODES, OPERATION, PODS, type ApiSite } from './site.ts';

const OURS: NodeSample = { cordoned: true, annotations: { [CORDONED_BY_ANNOTATION]: OPERATION } };
const EARLIER: NodeSample = {
  cordoned: true,
  annotations: { [CORDONED_BY_ANNOTATION]: 'refit-md-0-abcd1234-2' },
};
const THEIRS: NodeSample = { cordoned: true };

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
  put(on.management, MACHINES, machineObject());
  put(on.workload, NODES, nodeObject({ name: 'node-2' }));
});
afterEach(() => on.end());

const isCordoned = (): boolean => (on.node()['spec'] as JsonObject)['unschedulable'] === true;
const by = (): unknown =>
  ((on.node()['metadata'] as JsonObject)['annotations'] as JsonObject)[CORDONED_BY_ANNOTATION];

describe('drain', () => {
  it.each<[string, NodeSample, string]>([
    ['goes on with what it cordoned before', OURS, 'cordoned already; 1 pods moved away'],
    ['takes over what an earlier operation left', EARLIER, 'cordoned already; 1 pods moved away'],
    ['does not claim the cordon of somebody else', THEIRS, 'cordoned by somebody else; 1 pods moved away'],
  ])('%s', async (_, sample, message) => {
    put(on.workload, NODES, nodeObject(sample));
    put(on.workload, PODS, podObject({ name: 'web-1' }));
    const before = on.node();
    await expect(on.run(drain)).resolves.toMatchObject({ message, changes: [{ what: 'pods' }] });
    expect(on.node()).toEqual(before);
  });

  it.each<[string, NodeSample, { cordoned: boolean; by: string | undefined }]>([
    ['restores a node that was open', {}, { cordoned: false, by: undefined }],
    ['restores it when repeated, too', OURS, { cordoned: false, by: undefined }],
    ['leaves the cordon of an earlier operation', EARLIER, { cordoned: true, by: 'refit-md-0-abcd1234-2' }],
    ['leaves the cordon of somebody else', THEIRS, { cordoned: true, by: undefined }],
  ])('that fails %s', async (_, sample, left) => {
    put(on.workload, NODES, nodeObject(sample));
    put(on.workload, PODS, podObject({ name: 'web-1', slow: true }));
    await expect(on.run(drain)).rejects.toMatchObject({ reason: 'Failed' });
    expect({ cordoned: isCordoned(), by: by() }).toEqual(left);
  });

  it('sets its cordon anew when a person took it away', async () => {
    put(on.workload, NODES, nodeObject({ annotations: EARLIER.annotations ?? {} }));
    await on.run(drain);
    expect({ cordoned: isCordoned(), by: by() }).toEqual({ cordoned: true, by: OPERATION });
  });

  it('only cordons the only node, and says so', async () => {
    put(on.workload, NODES, nodeObject());
    put(on.workload, PODS, podObject({ name: 'web-1' }));
    on.workload.data.delete({ collection: NODES, namespace: '', name: 'node-2' });
    await expect(on.run(drain)).resolves.toMatchObject({
      message: 'cordoned, not drained: no other node can take its pods, they stay',
    });
    expect(isCordoned()).toBe(true);
    expect(on.workload.evictions).toEqual([]);
  });

  it('does nothing when the policy says never', async () => {
    put(on.workload, NODES, nodeObject());
    await expect(on.run(drain, { flags: { drain: 'never' } })).resolves.toMatchObject({ changes: [] });
    expect(isCordoned()).toBe(false);
  });

  it('is not cut off by an API server that is away for a while', async () => {
    put(on.workload, NODES, nodeObject());
    put(on.workload, PODS, podObject({ name: 'web-1', slow: true }));
    on.later(6, () => {
      const serve = on.workload.other;
      on.workload.other = (url, response) => url.pathname === PODS && response.destroy() !== undefined;
      on.later(20, () => {
        on.workload.other = serve;
        on.workload.data.patch(
          { collection: PODS, namespace: 'shop', name: 'web-1' },
          { metadata: { finalizers: null } },
        );
      });
    });
    await expect(on.run(drain)).resolves.toMatchObject({ message: 'cordoned; 1 pods moved away' });
  });

  it('keeps its cordon when it is told to stop: the next try goes on', async () => {
    put(on.workload, NODES, nodeObject());
    put(on.workload, PODS, podObject({ name: 'web-1', slow: true }));
    const stop = new AbortController();
    on.later(12, () => stop.abort());
    await expect(on.run(drain, { signal: stop.signal })).rejects.toMatchObject({ reason: 'Unavailable' });
    expect(by()).toBe(OPERATION);
    expect(on.clock.monotonic()).toBeLessThan(20);
  });

  it('writes again when somebody else was first', async () => {
    put(on.workload, NODES, nodeObject());
    on.workload.failNext(2, 409, 'patch');
    await on.run(drain);
    expect({ cordoned: isCordoned(), by: by() }).toEqual({ cordoned: true, by: OPERATION });
  });
});

describe('uncordon', () => {
  it.each<[string, NodeSample]>([
    ['this operation', OURS],
    ['an earlier operation', EARLIER],
  ])('takes away the cordon of %s', async (_, sample) => {
    put(on.workload, NODES, nodeObject(sample));
    await expect(on.run(uncordon)).resolves.toEqual({
      message: 'uncordoned',
      changes: [{ what: 'unschedulable', from: 'true' }],
    });
    expect({ cordoned: isCordoned(), by: by() }).toEqual({ cordoned: false, by: undefined });
    await expect(on.run(uncordon)).resolves.toEqual({ message: 'not cordoned by Refit', changes: [] });
  });

  it('leaves the cordon of somebody else', async () => {
    put(on.workload, NODES, nodeObject(THEIRS));
    await expect(on.run(uncordon)).resolves.toMatchObject({ changes: [] });
    expect(isCordoned()).toBe(true);
  });

  it('takes away our mark that was left when a person uncordoned', async () => {
    put(on.workload, NODES, nodeObject({ annotations: EARLIER.annotations ?? {} }));
    await expect(on.run(uncordon)).resolves.toMatchObject({ changes: [] });
    expect(by()).toBeUndefined();
  });

  it('waits until the Node is Ready', async () => {
    put(on.workload, NODES, nodeObject({ ...OURS, ready: false }));
    on.later(9, () => {
      on.workload.data.patch(
        { collection: NODES, namespace: '', name: 'node-1' },
        { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
      );
    });
    await on.run(uncordon);
    expect([on.clock.monotonic(), isCordoned()]).toEqual([10, false]);
  });

  it('leaves a Node cordoned that does not get Ready', async () => {
    put(on.workload, NODES, nodeObject({ ...OURS, ready: false }));
    await expect(on.run(uncordon)).rejects.toMatchObject({
      reason: 'Failed',
      message: 'Node node-1: condition Ready: got False, expected True; it stays cordoned',
    });
    expect(isCordoned()).toBe(true);
  });
});
