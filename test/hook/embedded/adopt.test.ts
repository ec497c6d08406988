import { describe, expect, it } from '@jest/globals';
import { createAdopter } from '../../../src/hook/embedded/adopt.ts';
import { embeddedStore } from '../../../src/hook/embedded/store.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { recorded } from '../../helpers/requests.ts';

const CAN = recorded('kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json');
const UPDATE = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json');
const CAN_SET = recorded('md-infra-and-version-1.34-to-1.35/01-canupdatemachineset-refit-md-0-pl5tr.json');
const UPDATE_WORKER = recorded(
  'md-infra-and-version-1.34-to-1.35/02-updatemachine-refit-md-0-gb7wv-fmtz5.json',
);

describe('a request makes the objects that it talks about', () => {
  it('an opted-in Cluster and a Machine whose node is at the current version', () => {
    const { store, adopt } = site();
    adopt(CAN);
    expect(store.cluster('lab', 'refit')?.labels).toEqual({ 'capi-refit.io/strategy': 'in-place' });
    expect(store.machine('lab', 'refit-cp-2f546')).toMatchObject({
      version: 'v1.33.7',
      kubeletVersion: 'v1.33.7',
    });
    adopt(UPDATE);
    expect(store.machine('lab', 'refit-cp-2f546')).toMatchObject({
      version: 'v1.34.3',
      kubeletVersion: 'v1.33.7',
    });
  });

  it('workers at the version of the MachineSet that they come from', () => {
    const { store, adopt } = site();
    adopt(CAN_SET);
    expect(store.machineDeployment('lab', 'refit-md-0')).toBeDefined();
    adopt(UPDATE_WORKER);
    expect(store.machine('lab', 'refit-md-0-gb7wv-fmtz5')).toMatchObject({
      version: 'v1.35.1',
      kubeletVersion: 'v1.34.3',
    });
  });

  it('without a word of the current version, a node with something to do', () => {
    const { store, adopt } = site();
    adopt(UPDATE_WORKER);
    expect(store.machine('lab', 'refit-md-0-gb7wv-fmtz5')?.kubeletVersion).toBe('v1.34.0');
  });

  it('and leaves alone what is there, and what cannot be decoded', () => {
    const { store, adopt } = site();
    store.addCluster({ namespace: 'lab', name: 'refit' });
    adopt(CAN);
    adopt({ kind: 'CanUpdateMachineRequest' });
    adopt(null);
    expect(store.cluster('lab', 'refit')?.labels).toEqual({});
    expect([...store.machines()]).toHaveLength(1);
  });
});

function site() {
  const store = embeddedStore({ clock: fakeClock(), stepSeconds: () => 1 });
  return { store, adopt: createAdopter(store) };
}
