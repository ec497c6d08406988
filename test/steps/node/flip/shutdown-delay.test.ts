import { expect, it } from '@jest/globals';
import { shutdownDelay } from '../../../../src/steps/node/flip/shutdown-delay.ts';
import { parseStaticPod } from '../../../../src/steps/node/static-pods.ts';

function delayOf(...flags: readonly string[]): number | string {
  const containers = [{ name: 'kube-apiserver', image: 'a:v1', command: ['kube-apiserver', ...flags] }];
  const pod = { kind: 'Pod', spec: { containers } };
  return shutdownDelay(parseStaticPod(Buffer.from(JSON.stringify(pod)), 'kube-apiserver'));
}

it.each([
  ['0', 0],
  ['0s', 0],
  ['5s', 5],
  ['1500ms', 1.5],
  ['0m7.5s', 7.5],
  ['30s', 30],
])('reads a duration as Go writes it: %s', (given, seconds) => {
  expect(delayOf(`--shutdown-delay-duration=${given}`)).toBe(seconds);
});

it('is none without the flag', () => {
  expect(delayOf('--v=2')).toBe(0);
});

it.each(['31s', '1m', '5', 'soon', '-5s', ''])('is not waited for: %s', (given) => {
  expect(delayOf(`--shutdown-delay-duration=${given}`)).toBe(
    `kube-apiserver: --shutdown-delay-duration: got ${given}, expected a duration of at most 30s`,
  );
});
