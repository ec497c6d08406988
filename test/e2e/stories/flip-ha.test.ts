// Three control-plane nodes behind a load balancer that looks whether they are ready.
import { expect } from '@jest/globals';
import { flipEach } from '../kit/flip-each.ts';
import { story } from '../kit/story.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { writeMeasure } from '../measure/figures.ts';

story('three control planes flipped one after the other', async (site) => {
  const seen = await flipEach(site);
  writeMeasure({ name: 'flip-ha', ...seen.figures });
  expectUnharmed(seen);
  expect(seen.figures).toMatchObject({ podRestarts: 0, httpFailures: 0, failedWritesRetried: 0 });
});
