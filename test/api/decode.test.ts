import { describe, expect, it } from '@jest/globals';
import { decodeDiscovery, decodeRequest, decodeRequestOf } from '../../src/api/decode.ts';
import { StatusError } from '../../src/api/errors.ts';
import { member, type JsonValue } from '../../src/api/json.ts';
import {
  machineBody,
  machineSetBody,
  recorded,
  recordings,
  updateMachineBody,
  type Edit,
} from '../helpers/requests.ts';

const MACHINE = 'kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json';
const SET = 'md-version-1.33-to-1.34/01-canupdatemachineset-refit-md-0-kkvzp.json';

describe('what real Cluster API sent', () => {
  it.each(recordings('-canupdatemachine-'))('%s', (path) => {
    expect(decodeRequest(recorded(path)).hook).toBe('CanUpdateMachine');
  });
  it.each(recordings('-canupdatemachineset-'))('%s', (path) => {
    expect(decodeRequest(recorded(path)).hook).toBe('CanUpdateMachineSet');
  });
  it.each(recordings('-updatemachine-'))('%s', (path) => {
    expect(decodeRequest(recorded(path)).hook).toBe('UpdateMachine');
  });
  it.each(recordings('discovery'))('%s', (path) => {
    expect(() => decodeDiscovery(recorded(path))).not.toThrow();
  });
});

describe('a decoded request', () => {
  it('keeps the spec as it came and leaves out what is not known', () => {
    const body = recorded(SET, ['/settings', { a: 'b' }], ['/desired/machineSet/status', { replicas: 1 }]);
    const request = decodeRequest(body);
    expect(request).not.toHaveProperty('settings');
    expect(request).not.toHaveProperty('desired.machineSet.status');
    const spec = ['desired', 'machineSet', 'spec'].reduce<JsonValue | undefined>(member, body);
    expect(request).toHaveProperty('desired.machineSet.spec', spec);
  });

  it.each([[undefined], [null]])('has no bootstrapConfig if the body has %j', (value) => {
    const body = recorded(MACHINE, ['/current/bootstrapConfig', value]);
    expect(decodeRequest(body)).not.toHaveProperty('current.bootstrapConfig');
  });

  it('has empty labels and annotations where there are none', () => {
    const request = decodeRequest(updateMachineBody({ role: 'worker' }));
    expect(request.desired).toHaveProperty('machine.metadata', {
      name: 'edge-1',
      namespace: 'site',
      labels: {},
      annotations: {},
    });
  });
});

describe('refused, naming field, value and expectation', () => {
  it.each<[string, unknown, string]>([
    ['text', 'x', 'request: got "x", expected a JSON object'],
    ['null', null, 'request: got null, expected a JSON object'],
    ['a list', [], 'request: got a list, expected a JSON object'],
    ['nothing', {}, 'apiVersion: got nothing, expected hooks.runtime.cluster.x-k8s.io/v1alpha1'],
  ])('a body that is %s', (_, body, message) => {
    expect(() => decodeRequest(body)).toThrow(new StatusError(message, { reason: 'BadInput' }));
  });

  it.each<[Edit, string]>([
    [['/apiVersion', 'v2'], 'apiVersion: got "v2", expected hooks.runtime'],
    [['/kind', 'DiscoveryRequest'], 'kind: got "DiscoveryRequest", expected CanUpdateMachineRequest'],
    [['/kind', undefined], 'kind: got nothing'],
    [['/current', undefined], 'current: got nothing, expected an object'],
    [['/desired', []], 'desired: got a list, expected an object'],
    [['/desired/machine', undefined], 'desired.machine: got nothing, expected an object'],
    [['/desired/machine/kind', 'Node'], 'desired.machine.kind: got "Node", expected Machine'],
    [['/desired/machine/apiVersion', ''], 'desired.machine.apiVersion: got "", expected a non-empty string'],
    [['/desired/machine/metadata', undefined], 'desired.machine.metadata: got nothing'],
    [['/desired/machine/metadata/name', undefined], 'desired.machine.metadata.name: got nothing'],
    [
      ['/desired/machine/metadata/name', '../x'],
      'desired.machine.metadata.name: got "../x", expected a Kubernetes',
    ],
    [
      ['/desired/machine/metadata/name', 'other'],
      'desired.machine.metadata.name: got "other", expected refit-cp-2f546 as in current',
    ],
    [['/desired/machine/metadata/namespace', 'x y'], 'desired.machine.metadata.namespace: got "x y"'],
    [
      ['/desired/machine/metadata/labels', 'x'],
      'desired.machine.metadata.labels: got "x", expected an object',
    ],
    [
      ['/desired/machine/metadata/labels/a', 1],
      'desired.machine.metadata.labels["a"]: got 1, expected a string',
    ],
    [['/desired/machine/spec', undefined], 'desired.machine.spec: got nothing, expected an object'],
    [['/desired/machine/spec/clusterName', undefined], 'desired.machine.spec.clusterName: got nothing'],
    [
      ['/desired/machine/spec/version', '1.34'],
      'desired.machine.spec.version: got "1.34", expected a version',
    ],
    [['/current/machine/spec/version', undefined], 'current.machine.spec.version: got nothing'],
    [['/desired/infrastructureMachine', null], 'desired.infrastructureMachine: got null'],
    [['/desired/infrastructureMachine/kind', 5], 'desired.infrastructureMachine.kind: got 5'],
    [['/desired/bootstrapConfig', 'x'], 'desired.bootstrapConfig: got "x", expected an object'],
    [['/desired/bootstrapConfig/spec', undefined], 'desired.bootstrapConfig.spec: got nothing'],
  ])('a CanUpdateMachine request with %j', (edit, message) => {
    expect(() => decodeRequest(recorded(MACHINE, edit))).toThrow(message);
  });

  it.each<[Edit, string]>([
    [['/current/machineSet/kind', 'Machine'], 'current.machineSet.kind: got "Machine", expected MachineSet'],
    [['/desired/machineSet/spec/template', undefined], 'desired.machineSet.spec.template: got nothing'],
    [['/desired/machineSet/spec/template/spec', 1], 'desired.machineSet.spec.template.spec: got 1'],
    [
      ['/desired/machineSet/spec/template/spec/version', 'x'],
      'desired.machineSet.spec.template.spec.version: got "x"',
    ],
    [
      ['/desired/infrastructureMachineTemplate/spec/template', {}],
      'desired.infrastructureMachineTemplate.spec.template.spec: got nothing',
    ],
    [
      ['/desired/bootstrapConfigTemplate/spec/template', null],
      'desired.bootstrapConfigTemplate.spec.template: got null',
    ],
  ])('a CanUpdateMachineSet request with %j', (edit, message) => {
    expect(() => decodeRequest(recorded(SET, edit))).toThrow(message);
  });

  it('nesting that no real request has', () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 200; level += 1) deep = [deep];
    expect(() => decodeRequest(machineBody({ to: { bootstrap: { deep } } }))).toThrow(
      'at most 100 levels of nesting',
    );
  });

  it('without a secret value in the message', () => {
    const body = recorded(SET, ['/desired/bootstrapConfigTemplate/spec', { token: 'hunter2' }]);
    expect(() => decodeRequest(body)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});

describe('decodeRequestOf', () => {
  it('takes the request of its hook', () => {
    expect(decodeRequestOf('CanUpdateMachineSet', machineSetBody({})).hook).toBe('CanUpdateMachineSet');
  });

  it('refuses that of another one', () => {
    expect(() => decodeRequestOf('UpdateMachine', recorded(MACHINE))).toThrow(
      'kind: got "CanUpdateMachineRequest", expected UpdateMachineRequest',
    );
  });
});

it.each([[{}], [null], [recorded(MACHINE)]])('decodeDiscovery refuses what is no discovery', (body) => {
  expect(() => decodeDiscovery(body)).toThrow(StatusError);
});
