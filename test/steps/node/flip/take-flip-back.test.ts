import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataLoss } from '../../../../src/api/data-loss.ts';
import type { Flip } from '../../../../src/steps/node/flip/flip.ts';
import { flipControlPlane } from '../../../../src/steps/node/flip/flip-control-plane.ts';
import {
  etcdCopy,
  flippedFile,
  intentFile,
  keptKubelet,
  revisionFile,
  wentBackFile,
} from '../../../../src/steps/node/flip/flip-folder.ts';
import { INTENT_UNIT_FILE } from '../../../../src/steps/node/flip/intent-unit.ts';
import { oldServerProblem, takeFlipBack } from '../../../../src/steps/node/flip/take-flip-back.ts';
import { createFlipMachine, type FlipMachine } from './flip-machine.ts';
import { DATABASE, makeFlip, OPERATION } from './flip-site.ts';

const OLD = ['3.5.24-0', 'v1.33.13', 'v1.33.13', 'v1.33.13'];
const NEW = ['3.6.8-0', 'v1.34.4', 'v1.34.4', 'v1.34.4'];
const CRDS = '/registry/apiextensions.k8s.io/customresourcedefinitions';

let machine: FlipMachine;
beforeEach(async () => {
  machine = createFlipMachine();
  machine.startKubelet();
  await work();
});
afterEach(() => machine.remove());

/** Lets clients write. */
async function work(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await machine.host.clock.sleep(1);
}

async function flipped(flip: Flip = makeFlip()): Promise<void> {
  await flipControlPlane(machine.host, flip);
  await work();
}

/** What it gives, or why not. */
const takeBack = (dataLoss: DataLoss): Promise<string> =>
  takeFlipBack(machine.host, OPERATION, dataLoss).then(
    ({ is, message }) => `${is}: ${message}`,
    (error: Error) => `error: ${error.message}`,
  );
const tags = (): string[] => [...machine.processes.values()].map(({ tag }) => tag).sort();
const isThere = async (path: string): Promise<boolean> =>
  (await machine.host.files.status(path)) !== undefined;

async function expectUntouched(): Promise<void> {
  await work();
  expect([tags(), machine.kubelet.active]).toEqual([NEW, true]);
  for (const path of [intentFile(OPERATION), wentBackFile(OPERATION), INTENT_UNIT_FILE])
    expect([path, await isThere(path)]).toEqual([path, false]);
}

describe('a flip that ended well', () => {
  it('is only looked at: by kinds, what would be lost', async () => {
    await flipped();
    expect(await takeBack('look')).toMatch(
      /^looked at: control plane: can go back; lost would be: configmaps \(\d+\), leases, events and the status of Nodes/,
    );
    await expectUntouched();
  });

  it('goes back as a whole: what was acknowledged before it is there, and what was written since is not', async () => {
    await flipped();
    const old = String(await machine.host.files.read(`${etcdCopy(OPERATION)}/member/snap/db`));
    const since = machine.acknowledged.filter((line) => !old.includes(line));
    expect(since.length).toBeGreaterThan(2);
    expect(await takeBack('accept')).toMatch(
      /^back: control plane: back at v1\.33\.13: a person asked for it; lost: configmaps \(\d+\), /,
    );
    expect(await oldServerProblem(machine.host, makeFlip())).toBeUndefined();
    expect([tags(), machine.mixtures]).toEqual([OLD, []]);
    const data = machine.database();
    expect(old.split('\n').filter((line) => line !== '' && !data.includes(line))).toEqual([]);
    expect(since.filter((line) => data.includes(line))).toEqual([]);
    expect(data).toContain('raised 1000000000');
    expect([await isThere(INTENT_UNIT_FILE), machine.isIntentUnitEnabled()]).toEqual([false, false]);
  });

  it('may be taken back again when it is back: nothing more is lost', async () => {
    await flipped();
    const first = await takeBack('accept');
    await work();
    const data = String(await machine.host.files.read(DATABASE));
    expect(await takeBack('refuse')).toBe(first);
    expect(String(await machine.host.files.read(DATABASE))).toContain(data.trimEnd());
    expect(await takeBack('look')).toBe('looked at: control plane: is back already');
  });

  it('goes back without a word when the data of etcd stay', async () => {
    await flipped(makeFlip({ minorChanges: false, copies: false }));
    expect(await takeBack('refuse')).toMatch(/the data of etcd stayed$/);
    await work();
    expect(tags().filter((tag) => tag.startsWith('v'))).toEqual(OLD.slice(1));
    expect(machine.database().some((line) => line.startsWith('raised'))).toBe(false);
  });

  it('tells why the old API server is not ready', async () => {
    machine.remove();
    machine = createFlipMachine(60);
    machine.startKubelet();
    await flipped();
    await takeBack('accept');
    machine.powerOff();
    expect(await oldServerProblem(machine.host, makeFlip())).toMatch(/^control plane: not ready in 120 s: /);
  });
});

describe('a flip is not taken back', () => {
  it.each<[string, () => unknown, DataLoss, RegExp]>([
    [
      'without a word on what is lost',
      () => undefined,
      'refuse',
      /data-loss: got refuse, expected accept or force$/,
    ],
    [
      'when its history is compacted',
      () => void (machine.isCompacted = true),
      'accept',
      /lost would be: everything written since the flip; only by force: it is not known what would be lost: etcd watch/,
    ],
    [
      'when the old revision was not noted',
      () => machine.host.files.remove(revisionFile(OPERATION)),
      'accept',
      /it is not known what would be lost: the old revision was not noted$/,
    ],
    [
      'where Argo lives',
      () => machine.keys.push(`${CRDS}/workflows.argoproj.io`),
      'accept',
      /only by force: Argo Workflows lives in this cluster/,
    ],
    [
      'where Cluster API lives, also when it is only looked at',
      () => machine.keys.push(`${CRDS}/machines.cluster.x-k8s.io`),
      'look',
      /only by force: Cluster API lives in this cluster/,
    ],
    [
      'on several members that joined since, whatever is said',
      () => void (machine.members = 3),
      'force',
      /cannot go back: etcd's minor version has changed, .* Possible instead: go forward/,
    ],
    [
      'when what was kept is gone, whatever is said',
      () => machine.host.files.remove(keptKubelet(OPERATION)),
      'force',
      /cannot go back: .*\/flip\/old\/kubelet: got nothing/,
    ],
    [
      'when the copy of the data is gone, whatever is said',
      () => machine.host.files.remove(etcdCopy(OPERATION)),
      'force',
      /\/flip\/etcd\/member\/snap\/db: got nothing, expected etcd's data/,
    ],
  ])('%s', async (_name, change, dataLoss, expected) => {
    await flipped();
    await change();
    expect(await takeBack(dataLoss)).toMatch(expected);
    await expectUntouched();
  });

  it('on one of several members, when its minor version changed', async () => {
    await flipped(makeFlip({ copies: false }));
    expect(await takeBack('force')).toMatch(/never put back alone\. Possible instead: go forward/);
    await expectUntouched();
  });

  it.each<[string, () => void]>([
    ['history is compacted', () => void (machine.isCompacted = true)],
    ['cluster holds Argo', () => void machine.keys.push(`${CRDS}/workflows.argoproj.io`)],
  ])('but by force, though its %s', async (_name, change) => {
    await flipped();
    change();
    expect(await takeBack('force')).toMatch(/^back: /);
    await work();
    expect(tags()).toEqual(OLD);
  });

  it('when this operation has not flipped it', async () => {
    expect(await takeBack('accept')).toMatch(/^not flipped: /);
    expect(await isThere(flippedFile(OPERATION))).toBe(false);
    expect(tags()).toEqual(OLD);
  });
});
