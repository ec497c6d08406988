// Three control-plane nodes, one of which has the API's address: it moves to another one when its API server is away. How long
// that takes is kube-vip's matter, and is measured.
import { expect } from '@jest/globals';
import { flipEach } from '../kit/flip-each.ts';
import { story } from '../kit/story.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { writeMeasure } from '../measure/figures.ts';

story('three control planes with kube-vip flipped one after the other', async (site) => {
  const seen = await flipEach(site);
  writeMeasure({ name: 'flip-vip', ...seen.figures });
  expectUnharmed(seen);
  expect(seen.figures).toMatchObject({ httpFailures: 0 });
});
