import { expect, it } from '@jest/globals';
import { StatusError } from '../../src/api/errors.ts';
import { patience } from '../../src/cli/patience.ts';
import { fakeIo } from '../helpers/io.ts';

const away = (message: string) => Promise.reject(new StatusError(message, { reason: 'Unavailable' }));

it('waits for an API server that is away, and says each reason once', async () => {
  const io = fakeIo();
  const patient = patience(io);
  expect(await patient(away('ECONNREFUSED'))).toBe('away');
  expect(await patient(away('ECONNREFUSED'))).toBe('away');
  expect(await patient(away('401 Unauthorized'))).toBe('away');
  expect(await patient(Promise.resolve(1))).toBe(1);
  await patient(away('401 Unauthorized'));
  expect(io.stderr()).toBe(
    ['ECONNREFUSED', '401 Unauthorized', '401 Unauthorized']
      .map((reason) => `refit: ${reason}; looking again\n`)
      .join(''),
  );
});

it('does not wait for what is refused', async () => {
  const refused = Promise.reject(new StatusError('no', { reason: 'Forbidden' }));
  await expect(patience(fakeIo())(refused)).rejects.toThrow('no');
});
