import { expect, it } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import { run } from '../../src/cli/run.ts';
import { fakeIo } from '../helpers/io.ts';

const GOOD = [
  'external',
  'begin',
  '--namespace=site',
  '--workflow=w',
  '--cluster=edge',
  '--owner-kind=KubeadmControlPlane',
  '--owner=edge-cp',
  '--number=1',
  '--kubernetes-version=v1.34.3',
  '--machine=cp-a',
  '--operation=1',
  '--hash=h',
  '--timeout-seconds=60',
];

it.each([
  ['an unknown command', ['external', 'explode'], 'unknown command'],
  ['a missing flag', GOOD.filter((arg) => !arg.startsWith('--machine')), '--machine'],
  ['a kind that owns no Machines', [...GOOD, '--owner-kind=Pod'], 'owner kind: got "Pod"'],
  ['a path for a name', [...GOOD, '--owner=../x'], '--owner: got "../x"'],
  ['a bad number', [...GOOD, '--number=0'], '--number: got "0"'],
  ['a kubeconfig that is not there', [...GOOD, '--kubeconfig=/none'], 'kubeconfig /none: cannot be read'],
])('refit external with %s is bad input', async (_name, argv, message) => {
  const io = fakeIo();
  expect(await run(argv, io)).toBe(EXIT.badInput);
  expect(io.stderr()).toContain(message);
});
