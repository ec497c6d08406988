import { expect, it } from '@jest/globals';
import { merged } from './desired.ts';

it('changes what is named and keeps the rest, as a merge patch does', () => {
  const present = { apiServer: { certSANs: ['a'], extraArgs: [{ name: 'x', value: '1' }] }, dns: {} };
  const change = {
    apiServer: { extraArgs: [{ name: 'y', value: '2' }] },
    etcd: { local: { imageTag: '3.6' } },
  };
  expect(merged(present, change)).toEqual({
    apiServer: { certSANs: ['a'], extraArgs: [{ name: 'y', value: '2' }] },
    ...{ dns: {}, etcd: { local: { imageTag: '3.6' } } },
  });
  expect(merged(present, undefined)).toEqual(present);
});
