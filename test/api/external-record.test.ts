import { describe, expect, it } from '@jest/globals';
import { askDigest } from '../../src/api/external-owner.ts';
import {
  isHeld,
  isPausedByOthers,
  isPausedByUs,
  readExternal,
  writeExternal,
  type ExternalRecord,
} from '../../src/api/external-record.ts';
import { decodeExternalRequest } from '../../src/api/external-request.ts';
import { applyMergePatch, mergePatchBetween } from '../../src/api/merge-patch.ts';
import { controlPlane, machineDeployment } from '../helpers/external.ts';
import type { Edit } from '../helpers/requests.ts';

const record: ExternalRecord = { version: 1, number: 2, state: 'running', to: 'v1.34.3', workflow: 'w' };

describe('the record of an owner', () => {
  it('is read as it was written', () => {
    expect(readExternal(writeExternal(record))).toEqual(record);
  });

  it.each([
    ['text that is not JSON', 'x'],
    ['another version', JSON.stringify({ ...record, version: 2 })],
  ])('is invalid for %s', (_what, text) => {
    expect(readExternal({ 'capi-refit.io/external': text })).toBe('invalid');
  });

  it('says whether the pause must stay', () => {
    expect(
      (['requested', 'declined', 'running'] as const).every((state) => isHeld({ ...record, state })),
    ).toBe(true);
    expect((['succeeded', 'failed'] as const).some((state) => isHeld({ ...record, state }))).toBe(false);
  });

  it('knows our pause by its value', () => {
    expect(isPausedByUs({ 'cluster.x-k8s.io/paused': 'capi-refit.io' })).toBe(true);
    expect(isPausedByOthers({ 'cluster.x-k8s.io/paused': '' })).toBe(true);
    expect(isPausedByOthers({})).toBe(false);
  });
});

describe('what an owner asks for', () => {
  it.each<[string, Edit]>([
    ['the version', ['/spec/version', 'v1.35.1']],
    ['the configuration', ['/spec/kubeadmConfigSpec/verbosity', 3]],
    ['the infrastructure', ['/spec/machineTemplate/spec/infrastructureRef/name', 'cp-2']],
    ['the release', ['/metadata/annotations/capi-refit.io~1release', 'gold']],
  ])('changes with %s', (_what, edit) => {
    expect(askDigest(controlPlane(edit))).not.toBe(askDigest(controlPlane()));
  });

  it.each<[string, Edit]>([
    ['replicas', ['/spec/replicas', 3]],
    ['labels', ['/metadata/labels/tier', 'a']],
    ['the strategy', ['/spec/rollout', { strategy: { type: 'RollingUpdate' } }]],
    ['labels of Machines', ['/spec/machineTemplate/metadata/labels', { tier: 'a' }]],
  ])('does not change with %s', (_what, edit) => {
    expect(askDigest(controlPlane(edit))).toBe(askDigest(controlPlane()));
  });

  it.each(['version', 'failureDomain'])('of a MachineDeployment changes with %s', (field) => {
    const edited = machineDeployment([`/spec/template/spec/${field}`, 'v1.35.1']);
    expect(askDigest(edited)).not.toBe(askDigest(machineDeployment()));
  });
});

describe('a merge patch', () => {
  it.each([
    [
      { a: 1, b: { c: 1, d: [1] }, e: 1 },
      { a: 1, b: { c: 2, d: [1, 2] } },
      { b: { c: 2, d: [1, 2] }, e: null },
    ],
    [{ a: { b: 1 } }, { a: { b: 1 } }, {}],
    [{}, { a: {} }, { a: {} }],
    [{ a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] }, {}],
  ])('brings %j to %j', (from, to, patch) => {
    expect(mergePatchBetween(from, to)).toEqual(patch);
    expect(applyMergePatch(from, patch)).toEqual(to);
  });
});

describe('a request', () => {
  const request = {
    apiVersion: 'hooks.capi-refit.io/v1alpha1',
    kind: 'ExternalUpgradeRequest',
    cluster: { namespace: 'site', name: 'edge' },
    owner: { kind: 'KubeadmControlPlane', name: 'edge-cp' },
  };

  it('is decoded', () => {
    expect(decodeExternalRequest(request)).toEqual(request);
  });

  it('names every field that is wrong', () => {
    const wrong = { ...request, kind: 'Other', cluster: { namespace: '../x', name: 'edge' } };
    expect(() => decodeExternalRequest(wrong)).toThrow(
      /request\.kind: .*; request\.cluster\.namespace: the name of/,
    );
  });

  it('may not be nested without end', () => {
    let machine: object = {};
    for (let depth = 0; depth < 200; depth += 1) machine = { machine };
    expect(() => decodeExternalRequest({ ...request, machine })).toThrow('100 levels');
  });
});
