import { describe, expect, it } from '@jest/globals';
import {
  backCommands,
  describeCommand,
  forwardCommands,
  type FlipCommand,
} from '../../../../src/steps/node/flip/commands.ts';
import type { BackIntent, Flip } from '../../../../src/steps/node/flip/flip.ts';
import { STATIC_PODS } from '../../../../src/steps/node/static-pods.ts';
import { makeFlip, OPERATION } from './flip-site.ts';

const AT = '2026-01-01T00:00:00.000Z';
const texts = (commands: readonly FlipCommand[]): string[] => commands.map(describeCommand);
const back = (more: Partial<BackIntent> = {}): BackIntent => ({
  ...{
    version: 1,
    direction: 'back',
    at: AT,
    flip: makeFlip(),
    reason: 'x',
    started: true,
    putsDataBack: true,
  },
  ...more,
});

describe('a flip', () => {
  it('is this, in this order', () => {
    const { quiet, move, start } = forwardCommands(makeFlip(), AT);
    expect(texts(quiet).slice(0, 1)).toEqual(['run /usr/bin/kubeadm certs renew all']);
    expect(texts(quiet).slice(-8)).toEqual([
      `copy /var/lib/refit/${OPERATION}/flip/old/etcd-snapshot-tool`,
      'copy /usr/bin/.kubelet.refit-flip',
      ...STATIC_PODS.map((pod) => `read the programs of ${pod}`),
      'install unit',
      'write the intent to go forward',
    ]);
    expect(texts(move)).toEqual([
      'stop kubelet',
      'terminate kube-apiserver',
      'terminate kube-controller-manager',
      'terminate kube-scheduler',
      'await the end of kube-apiserver, kube-controller-manager, kube-scheduler',
      'note revision',
      'terminate etcd',
      'await the end of etcd',
      'note data',
      'copy data',
      'place /etc/kubernetes/manifests/etcd.yaml',
      'place /etc/kubernetes/manifests/kube-apiserver.yaml',
      'place /etc/kubernetes/manifests/kube-controller-manager.yaml',
      'place /etc/kubernetes/manifests/kube-scheduler.yaml',
      'place /usr/bin/kubelet',
      'finish intent',
    ]);
    expect(texts(start)).toEqual(['start kubelet']);
  });

  it('forgets what an earlier attempt copied before it says that it begins', () => {
    const { quiet } = forwardCommands(makeFlip(), AT);
    const removed = quiet.flatMap((command) =>
      command.do === 'remove' ? [command.path.replace(/.*\//, '')] : [],
    );
    expect(removed).toEqual(['etcd', 'revision.json', 'data.json']);
    expect(quiet.at(-1)?.do).toBe('write-intent');
  });

  it.each<[string, Flip, string[]]>([
    ['copies no data of one of several members', makeFlip({ copies: false }), ['note-revision', 'note-data']],
    ['does nothing to an external etcd', without(makeFlip()), []],
  ])('%s', (_name, flip, expected) => {
    const { move } = forwardCommands(flip, AT);
    const data = ['note-revision', 'note-data', 'copy-data'];
    expect(move.map((command) => command.do).filter((name) => data.includes(name))).toEqual(expected);
  });

  it('lets the old API server serve as long as its manifest asks for, not ready, and a second more', () => {
    const { move } = forwardCommands({ ...makeFlip(), shutdownDelaySeconds: 5 }, AT);
    const [first, second] = move.filter((command) => command.do === 'await-end');
    expect([first?.seconds, second?.pods]).toEqual([6, ['etcd']]);
  });

  it('hands the address over while the API server is still there', () => {
    const { move } = forwardCommands({ ...makeFlip(), handsOverAddress: true }, AT);
    expect(move.slice(0, 3).map((command) => command.do)).toEqual([
      ...['stop-kubelet', 'hand-over-address', 'terminate'],
    ]);
  });

  it('kills nothing that holds data', () => {
    const all = [forwardCommands(makeFlip(), AT), backCommands(back())].flatMap(({ move }) => move);
    const killed = all.flatMap((command) =>
      command.do === 'await-end' && command.otherwise === 'kill' ? command.pods : [],
    );
    expect(killed).not.toContain('etcd');
    expect(killed).toContain('kube-apiserver');
  });
});

describe('the way back', () => {
  it('ends what the new kubelet started, and puts everything back under one intent', () => {
    const { quiet, move } = backCommands(back());
    expect(texts(quiet).at(-1)).toBe('write the intent to go back');
    expect(move.map((command) => command.do)).toEqual([
      'stop-kubelet',
      ...['terminate', 'terminate', 'terminate', 'await-end', 'terminate', 'await-end'],
      ...['remove', 'place', 'place', 'place', 'place', 'place', 'put-data-back', 'finish-intent'],
    ]);
  });

  it('waits for nothing when no new kubelet was started, and leaves data that nobody wrote', () => {
    const { move } = backCommands(back({ started: false, putsDataBack: false }));
    const names = move.map((command) => command.do);
    for (const name of ['terminate', 'await-end', 'put-data-back']) expect(names).not.toContain(name);
  });
});

function without(flip: Flip): Flip {
  const other = { ...flip };
  delete other.etcd;
  return other;
}
