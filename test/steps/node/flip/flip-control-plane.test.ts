import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Flip } from '../../../../src/steps/node/flip/flip.ts';
import { flipControlPlane } from '../../../../src/steps/node/flip/flip-control-plane.ts';
import { etcdCopy } from '../../../../src/steps/node/flip/flip-folder.ts';
import { INTENT_UNIT_FILE } from '../../../../src/steps/node/flip/intent-unit.ts';
import { createFlipMachine, type FlipMachine } from './flip-machine.ts';
import { makeFlip, OPERATION } from './flip-site.ts';

let machine: FlipMachine;
beforeEach(() => {
  machine = createFlipMachine();
  machine.startKubelet();
});
afterEach(() => machine.remove());

/** Lets the old control plane get ready and take some writes; gives what the flip ended with. */
async function flip(wanted: Flip = makeFlip()): Promise<string> {
  for (let turn = 0; turn < 5; turn += 1) await machine.host.clock.sleep(1);
  expect(machine.acknowledged.length).toBeGreaterThan(2);
  return flipControlPlane(machine.host, wanted).then(
    () => 'flipped',
    (error: Error) => error.message,
  );
}

const tags = (): string[] => [...machine.processes.values()].map(({ tag }) => tag).sort();
const OLD = ['3.5.24-0', 'v1.33.13', 'v1.33.13', 'v1.33.13'];
const NEW = ['3.6.8-0', 'v1.34.4', 'v1.34.4', 'v1.34.4'];
const lost = (): string[] => machine.acknowledged.filter((line) => !machine.database().includes(line));

describe('a flip', () => {
  it('moves all at once, loses no acknowledged write, and leaves no unit before the kubelet', async () => {
    expect(await flip()).toBe('flipped');
    expect(tags()).toEqual(NEW);
    expect(lost()).toEqual([]);
    expect(machine.mixtures).toEqual([]);
    expect(await machine.host.files.status(INTENT_UNIT_FILE)).toBeUndefined();
    expect(machine.isIntentUnitEnabled()).toBe(false);
  });

  it('keeps the copy of etcd for a way back, and drops that of earlier operations', async () => {
    const older = '/var/lib/refit/refit-cp-1-0a1b2c3d-0/flip';
    for (const name of ['etcd/member/snap/db', 'old/kubelet', 'flipped.json'])
      await machine.host.files.write(`${older}/${name}`, 'x', { mode: 0o600 });
    expect(await flip()).toBe('flipped');
    expect(await machine.host.files.list(older)).toEqual(['flipped.json']);
    expect(String(await machine.host.files.read(`${etcdCopy(OPERATION)}/member/snap/db`))).toContain(
      'write ',
    );
  });

  it('kills an API server that does not end', async () => {
    machine.stubborn = 'kube-apiserver';
    expect(await flip()).toBe('flipped');
    expect(machine.lines).toContainEqual(expect.stringMatching(/^kube-apiserver: SIGKILL/));
    expect(lost()).toEqual([]);
  });

  it('never kills etcd: the old control plane is started again', async () => {
    machine.stubborn = 'etcd';
    expect(await flip()).toMatch(
      /^flip: etcd: got a process still, expected it to end in 60 s; went back: v1\.33\.13 is ready/,
    );
    expect(machine.lines).not.toContainEqual(expect.stringMatching(/^etcd: SIGKILL/));
    expect([tags(), lost()]).toEqual([OLD, []]);
  });
});

describe('an API server that does not get ready', () => {
  it('goes back when it ends again and again, in under 20 s, without a write lost', async () => {
    machine.newApiServer = 'ends';
    const begun = machine.host.clock.monotonic();
    expect(await flip()).toMatch(
      /^flip: kube-apiserver: got 2 starts, expected one that lasts .*; went back: v1\.33\.13 is ready/,
    );
    expect(machine.host.clock.monotonic() - begun).toBeLessThan(20);
    expect([tags(), lost(), machine.mixtures]).toEqual([OLD, [], []]);
    expect(machine.database()).not.toContain('format 3.6');
    expect(machine.isIntentUnitEnabled()).toBe(false);
  });

  it('goes back with its etcd, which has never answered', async () => {
    machine.newEtcd = 'ends';
    expect(await flip()).toMatch(/^flip: etcd: got 2 starts.*; went back/);
    expect([tags(), lost()]).toEqual([OLD, []]);
    expect(machine.lines).toContain('going back: the new etcd has never written');
  });

  it('goes back when only leases were written since', async () => {
    machine.newApiServer = { writes: '/registry/leases/kube-system/' };
    expect(await flip()).toMatch(/^flip: not ready in 120 s: .*got 500.*; went back/);
    expect([tags(), lost()]).toEqual([OLD, []]);
    expect(machine.database().filter((line) => line.includes('/leases/'))).toEqual([]);
    expect(machine.database()).toContain('raised 1000000000');
    expect(await machine.host.files.list('/var/lib/etcd')).toEqual(['member']);
  });

  it('is not started on data that are not whole: what the old etcd has only in its log is not lost', async () => {
    machine.isDatabaseBehind = true;
    expect(await flip()).toMatch(
      /^flip: .*\/snap\/db: revision: got \d+, expected \d+: did etcd end by itself\?; went back/,
    );
    expect([tags(), lost()]).toEqual([OLD, []]);
    expect(machine.database().filter((line) => line.startsWith('raised'))).toEqual([]);
  });

  it('stays where it is when going back would lose a write, and says what', async () => {
    machine.newApiServer = { writes: '/registry/secrets/default/' };
    expect(await flip()).toMatch(
      /not taken back: these writes would be lost: secrets \(\d+\); once more: .*; the new manifests and kubelet stay$/,
    );
    expect(tags()).toEqual(NEW);
    expect(machine.kubelet.active).toBe(true);
  });

  it('keeps the data of one of several members, whatever was written', async () => {
    machine.newApiServer = 'ends';
    expect(await flip(makeFlip({ copies: false }))).toContain(
      'not taken back: the new etcd has run, and the data of one of',
    );
    expect(tags()).toEqual(NEW.toSpliced(1, 1));
  });

  it('goes back on the same data when the minor version of etcd is the same', async () => {
    machine.newApiServer = { writes: '/registry/secrets/default/' };
    const writes = (): number => machine.database().filter((line) => line.includes('secrets')).length;
    await flip(makeFlip({ copies: false, minorChanges: false }));
    expect(machine.lines).toContain('going back: the data of etcd stay: its minor version is the same');
    expect(writes()).toBeGreaterThan(0);
  });
});
