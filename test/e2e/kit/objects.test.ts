import { expect, it } from '@jest/globals';
import { decodeRequest } from '../../../src/api/decode.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { recorded } from '../../helpers/requests.ts';
import { pathOf, updateMachineRequest } from './objects.ts';

const RECORDING = 'md-version-1.33-to-1.34/02-updatemachine-refit-md-0-gb7wv-fmtz5.json';

it('asks as Cluster API does, whatever else the objects hold', () => {
  const request = recorded(RECORDING);
  const desired = request['desired'] as Record<string, JsonObject>;
  const stored = (object: JsonObject | undefined): JsonObject => ({
    ...object,
    metadata: {
      ...(object?.['metadata'] as JsonObject),
      ...{ uid: 'uid', resourceVersion: '1', generation: 1, managedFields: [], ownerReferences: [] },
    },
    status: { phase: 'Running' },
  });
  const body = updateMachineRequest({
    machine: stored(desired['machine']),
    infrastructureMachine: stored(desired['infrastructureMachine']),
    bootstrapConfig: stored(desired['bootstrapConfig']),
  });
  expect(body).toEqual(request);
  expect(decodeRequest(body).hook).toBe('UpdateMachine');
});

it('knows where an object is', () => {
  const metadata = { namespace: 'site', name: 'edge-1' };
  const object = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', metadata };
  expect(pathOf(object)).toBe('/apis/cluster.x-k8s.io/v1beta2/namespaces/site/machines/edge-1');
});
