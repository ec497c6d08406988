// The whole server under requests that nobody should send: every answer is a decision that costs no machine.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StatusError } from '../../../src/api/errors.ts';
import type { HookResponse } from '../../../src/api/hooks.ts';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import { hookSite, NAMESPACE } from '../../helpers/hook-site.ts';
import { edited, isOfLab, recorded, recordings } from '../../helpers/requests.ts';

const POINTERS = [
  '/desired/machine/spec/version',
  '/desired/machine/spec/clusterName',
  '/desired/machine/metadata/name',
  '/desired/machine/metadata/namespace',
  '/desired/machineSet/spec/clusterName',
  '/desired/machineSet/metadata/labels',
  '/desired/machineSet/spec/template/spec/version',
  '/desired/bootstrapConfig',
  '/desired/bootstrapConfig/spec',
  '/desired/infrastructureMachine',
  '/desired',
  '/current',
  '/kind',
  '/apiVersion',
];
const JUNK: JsonValue[] = [
  null,
  '',
  'v1.34.3',
  'v9.9.9',
  0,
  [],
  {},
  'x'.repeat(300),
  { a: [null] },
  '__proto__',
  '../..',
];

describe('2,000 mutated requests through the handlers', () => {
  it('are answered or refused with a StatusError, and nothing is replaced or started by mistake', async () => {
    const site = hookSite({ policy: { settleSeconds: 0 } });
    await site.store.start();
    site.store.addMachineDeployment({ namespace: NAMESPACE, name: 'refit-md-0', generation: 1 });
    // Of the Cluster that the site knows.
    const bodies = recordings('machine')
      .filter((path) => !isOfLab(path))
      .map((path) => recorded(path));
    const count = { answered: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.constantFrom(...POINTERS),
        fc.constantFrom(...JUNK),
        async (body, pointer, junk) => {
          try {
            check(await ask(edited(body, [pointer, junk])));
            count.answered += 1;
          } catch (error) {
            if (!(error instanceof StatusError)) throw error;
            count.refused += 1;
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect(count.answered).toBeGreaterThan(100);
    expect(count.refused).toBeGreaterThan(100);
    // No Machine was known, so nothing can have begun.
    expect([...site.store.machines()]).toEqual([]);
    await site.close();

    function ask(body: JsonObject): Promise<HookResponse> {
      const { canUpdateMachine, canUpdateMachineSet, updateMachine } = site.handlers;
      const kind = body['kind'];
      if (kind === 'CanUpdateMachineSetRequest') return canUpdateMachineSet(body);
      return kind === 'UpdateMachineRequest' ? updateMachine(body) : canUpdateMachine(body);
    }
  });
});

/** The Cluster opted in and blocks what it cannot do: a Success claims something. */
function check(response: HookResponse): void {
  if (response.status === 'Failure') expect(response.message).not.toBe('');
  else expect(Object.keys(response).some((key) => key.endsWith('Patch'))).toBe(true);
}
