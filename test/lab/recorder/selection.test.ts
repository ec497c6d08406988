import { expect, it } from '@jest/globals';
import { edited, machineBody, machineSetBody, updateMachineBody } from '../../helpers/requests.ts';
import { createSelection, namespaceOf, type Received } from './selection.ts';

const named = (received: Received, name: string): Received => ({
  ...received,
  body: edited(received.body as never, ['/desired/machine/metadata/name', name]),
});
const can = (version: string): Received => ({
  hook: 'canupdatemachine',
  body: machineBody({ to: { version } }),
});
const canSet: Received = { hook: 'canupdatemachineset', body: machineSetBody({}) };
const update = (version: string): Received => ({
  hook: 'updatemachine',
  body: updateMachineBody({ to: { version } }),
});

it('keeps of each story and hook what asks for something new, numbered', () => {
  const select = createSelection();
  const kept = (story: string, ...received: Received[]) => received.map((one) => select(story, one));
  expect(kept('a', can('v1.34.3'), can('v1.34.3'), update('v1.34.3'), update('v1.34.3'))).toEqual([
    'a/01-canupdatemachine-machine-1.json',
    undefined,
    'a/02-updatemachine-machine-1.json',
    undefined,
  ]);
  expect(kept('a', named(update('v1.34.3'), 'other'), named(update('v1.34.4'), 'other'), canSet)).toEqual([
    undefined,
    'a/03-updatemachine-machine-2.json',
    'a/04-canupdatemachineset-machineset-1.json',
  ]);
  expect(kept('b', update('v1.34.3'))).toEqual(['b/01-updatemachine-machine-1.json']);
});

it('keeps discovery once', () => {
  const select = createSelection();
  const discovery = { hook: 'discovery', body: { kind: 'DiscoveryRequest' } };
  expect([select('discovery', discovery), select('discovery', discovery)]).toEqual([
    'discovery/01-discovery.json',
    undefined,
  ]);
});

it('keeps what Refit cannot decode, once for each reason', () => {
  const select = createSelection();
  const bad = (version: string) => update(version);
  expect([bad('x'), bad('x'), bad('y')].map((one) => select('a', one))).toEqual([
    'a/01-updatemachine-machine-1.json',
    undefined,
    'a/02-updatemachine-machine-1.json',
  ]);
});

it('tells the namespace of every hook', () => {
  expect([can('v1.34.3'), canSet, update('v1.34.3')].map(({ body }) => namespaceOf(body))).toEqual([
    'site',
    'site',
    'site',
  ]);
  expect(namespaceOf({ kind: 'DiscoveryRequest' })).toBeUndefined();
});
