// A desired state that is changed again while machines are on their way to it: these end their operations first.
import { Watch } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonValue } from '../../../src/api/json.ts';
import { UNCOUNTED_MOVE_ANNOTATION, UPDATE_IN_PROGRESS_ANNOTATION } from '../../../src/api/labels.ts';
import { MACHINES } from '../../../src/hook/kubernetes/resources.ts';
import { text, texts } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { machinesAt } from '../kit/held.ts';
import { owners } from '../kit/owners.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { events } from '../kit/state.ts';
import { inPlace, summaries, summariesOf, type Summary } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

const CURRENT = 'v1.35.1';

let site: Site;
beforeAll(async () => {
  site = await siteWith('changed-again', hasty('a', 'v1.33.7'));
});
afterAll(() => site?.leave());

it('control plane and workers: what runs is completed, and all reach the last desired state in place', async () => {
  const [first, last] = [hasty('b', 'v1.34.3'), hasty('c', CURRENT)];
  const before = await summaries(site, last);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, first);
  const held = await machinesAt(site, first, 'kubelet', 3);
  expect(held.map(({ role }) => role).sort()).toEqual(['control-plane', 'worker', 'worker']);

  await declareCluster(site, last);
  await eventually('CAPI knows what is wanted now', async () =>
    (await owners(site, last.name)).every(({ isObserved }) => isObserved),
  );
  await play(site, {});
  await settled(site, last);

  const after = await summaries(site, last);
  expect(after).toEqual(
    before.map((one) => {
      const once = inPlace(one, CURRENT);
      return held.some(({ uid }) => uid === one.uid) ? inPlace(once) : once;
    }),
  );
  for (const { name, workflows } of after) {
    expect((await appliedTo(site, last.name, { name }))?.count).toBe(workflows.length);
  }
});

it('an update that Cluster API forgets is done all the same', async () => {
  const [worker] = await summariesOf(site, hasty('c', CURRENT), 'hasty-version');
  const before = await summaries(site, hasty('c', CURRENT));
  await Promise.all([forgetNext(site, worker as Summary), declareCluster(site, hasty('c', CURRENT, 'd'))]);
  await settled(site, hasty('c', CURRENT, 'd'));

  expect(await summaries(site, hasty('c', CURRENT))).toEqual(
    before.map((one) => (one.uid === worker?.uid ? inPlace(one) : one)),
  );
  expect(await events(site, worker as Summary)).toContainEqual(
    expect.stringMatching(/^InPlaceUpdateResumed: Cluster API moved it on .* and forgot to update it/),
  );
});

/** What Cluster API 1.14.0 does when an update ends and the next one begins at the same moment: it takes the mark of that one. */
async function forgetNext({ api, kubeConfig, namespace }: Site, { name }: Summary): Promise<void> {
  const present = await expectOk(api.get(MACHINES.path(namespace)));
  const from = { resourceVersion: text(present, 'metadata', 'resourceVersion') };
  let watch: Promise<AbortController> | undefined;
  const forgotten = new Promise<void>((resolve, reject) => {
    const forget = async (machine: JsonValue): Promise<void> => {
      const isMoved = UNCOUNTED_MOVE_ANNOTATION in texts(machine, 'metadata', 'annotations');
      if (!isMoved || text(machine, 'metadata', 'name') !== name) return;
      const resourceVersion = text(machine, 'metadata', 'resourceVersion') ?? '';
      const annotations = { [UPDATE_IN_PROGRESS_ANNOTATION]: null };
      const { status } = await api.patch(MACHINES.path(namespace, name), {
        metadata: { resourceVersion, annotations },
      });
      if (status === 200) resolve();
      // Somebody changed it meanwhile: the watch shows that next.
      else if (status !== 409) reject(new Error(`Machine ${name}: got ${status}, expected 200`));
    };
    const see = (_type: string, machine: JsonValue) => void forget(machine).catch(reject);
    watch = new Watch(kubeConfig).watch(MACHINES.path(namespace), from, see, reject);
    watch.catch(reject);
  });
  await forgotten.finally(async () => (await watch)?.abort());
}

/** Two of its parts change their files, the third one its version. */
function hasty(content: string, version: string, other?: string): LabCluster {
  const files = { '/etc/kubernetes/lab.conf': content };
  return {
    name: 'hasty',
    controlPlane: { replicas: 3, version: CURRENT, files },
    workers: [
      { name: 'hasty-files', replicas: 2, version: CURRENT, files },
      {
        ...{ name: 'hasty-version', replicas: 1, version },
        ...(other === undefined ? {} : { files: { '/etc/kubernetes/other.conf': other } }),
      },
    ],
  };
}
