import { describe, expect, it } from '@jest/globals';
import { knownExternal, writeExternal } from '../../../src/api/external-record.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { admitOwner, decodeReview, reviewResponse } from '../../../src/hook/external/admission.ts';
import { FROM, controlPlane, machineDeployment, TO } from '../../helpers/external.ts';
import { held } from '../../helpers/external-site.ts';
import { edited, type Edit } from '../../helpers/requests.ts';

const PAUSED = '/metadata/annotations/cluster.x-k8s.io~1paused';
const RECORD = '/metadata/annotations/capi-refit.io~1external';
const OLD: Edit = ['/spec/version', FROM];

function admit(oldObject: JsonObject, object: JsonObject) {
  return admitOwner({ uid: 'u', oldObject, object });
}

describe('a labelled owner', () => {
  it.each([
    ['a control plane', controlPlane(OLD), controlPlane()],
    ['a MachineDeployment', machineDeployment(['/spec/template/spec/version', FROM]), machineDeployment()],
  ])('is paused in the write that changes its version: %s', (_what, before, after) => {
    const { allowed, annotations = {} } = admit(before, after);
    expect(allowed).toBe(true);
    expect(annotations['cluster.x-k8s.io/paused']).toBe('capi-refit.io');
    expect(knownExternal(annotations)).toEqual({ version: 1, number: 1, state: 'requested', to: TO });
  });

  it('keeps its other annotations, and counts on', () => {
    const before = controlPlane(OLD, [
      RECORD,
      Object.values(
        writeExternal({ version: 1, number: 4, state: 'succeeded', to: FROM, applied: 'gold' }),
      )[0],
    ]);
    const { annotations = {} } = admit(
      before,
      edited(before, ['/spec/version', TO], ['/metadata/annotations/a', 'b']),
    );
    expect(annotations['a']).toBe('b');
    expect(knownExternal(annotations)).toMatchObject({ number: 5, state: 'requested', applied: 'gold' });
  });

  it('is paused when another release is asked for at the same version', () => {
    const after = controlPlane(['/metadata/annotations/capi-refit.io~1release', 'gold']);
    expect(admit(controlPlane(), after).annotations).toMatchObject({
      'cluster.x-k8s.io/paused': 'capi-refit.io',
    });
  });

  it.each<[string, JsonObject]>([
    ['other fields change', controlPlane(['/spec/replicas', 3])],
    [
      'the label is gone',
      controlPlane(['/metadata/labels/capi-refit.io~1strategy', undefined], ['/spec/version', 'v1.35.1']),
    ],
  ])('is left alone when %s', (_what, after) => {
    expect(admit(controlPlane(), after)).toEqual({ allowed: true });
  });

  it('is left alone when it is being deleted, also by who does not send that back', () => {
    const before = held(controlPlane(OLD, ['/metadata/deletionTimestamp', 'now']));
    expect(admit(before, controlPlane())).toEqual({ allowed: true });
  });

  it('that somebody else paused stays theirs, is remembered, and they are told', () => {
    const {
      allowed,
      annotations = {},
      warnings,
    } = admit(controlPlane(OLD, [PAUSED, 'me']), controlPlane([PAUSED, 'me']));
    expect(allowed).toBe(true);
    expect(annotations['cluster.x-k8s.io/paused']).toBe('me');
    expect(knownExternal(annotations)).toMatchObject({ state: 'requested', to: TO });
    expect(warnings?.[0]).toContain('paused by somebody else');
  });

  it.each(['requested', 'failed'] as const)(
    'whose upgrade is %s goes over to us when somebody else takes their pause away: Cluster API would replace its Machines',
    (state) => {
      const theirs = edited(held(controlPlane(), { state }), [PAUSED, '']);
      const { annotations } = admit(theirs, edited(theirs, [PAUSED, undefined]));
      expect(annotations).toMatchObject({ 'cluster.x-k8s.io/paused': 'capi-refit.io' });
    },
  );

  it.each<[string, JsonObject]>([
    ['has no upgrade', controlPlane([PAUSED, 'me'])],
    ['is as it was asked for', edited(held(controlPlane(), { state: 'succeeded' }), [PAUSED, 'me'])],
    ['has an unreadable record of ours', controlPlane([PAUSED, 'capi-refit.io'], [RECORD, '{'])],
  ])('that %s may be unpaused', (_what, before) => {
    expect(admit(before, edited(before, [PAUSED, undefined]))).toEqual({ allowed: true });
  });

  const rolling = (status: string): Edit => ['/status', { conditions: [{ type: 'RollingOut', status }] }];

  it('may not be edited in the middle of what Cluster API does with it: paused, that would never end', () => {
    const { allowed, message } = admit(controlPlane(OLD, rolling('True')), controlPlane());
    expect(allowed).toBe(false);
    expect(message).toContain('at work on it (condition RollingOut)');
    expect(message).toContain('change it again when that has ended');
    expect(admit(controlPlane(OLD, rolling('False')), controlPlane()).allowed).toBe(true);
  });

  it('may be edited while its Machines only wait to be deleted by hand', () => {
    const onDelete: Edit = ['/spec/rollout', { strategy: { type: 'OnDelete' } }];
    const before = machineDeployment(['/spec/template/spec/version', FROM], rolling('True'), onDelete);
    expect(admit(before, machineDeployment(onDelete)).annotations).toMatchObject({
      'cluster.x-k8s.io/paused': 'capi-refit.io',
    });
  });

  it('may be edited then if we paused it, since its conditions stand still', () => {
    const before = edited(held(controlPlane(OLD, rolling('True')), { state: 'declined' }));
    expect(admit(before, edited(before, ['/spec/version', TO])).allowed).toBe(true);
  });

  it('that somebody else paused in the middle of it stays with Cluster API', () => {
    const before = controlPlane(OLD, rolling('True'), [PAUSED, 'me']);
    const { allowed, annotations, warnings } = admit(before, edited(before, ['/spec/version', TO]));
    expect({ allowed, annotations }).toEqual({ allowed: true, annotations: undefined });
    expect(warnings?.[0]).toContain('Cluster API goes on with it');
  });

  it('gets the same when it is asked about again, with our annotations', () => {
    const first = admit(controlPlane(OLD), controlPlane());
    const again = admit(controlPlane(OLD), controlPlane(['/metadata/annotations', first.annotations]));
    expect(again).toEqual(first);
  });

  it('may not be edited while its upgrade runs', () => {
    const before = held(controlPlane());
    const { allowed, message } = admit(before, edited(before, ['/spec/version', 'v1.34.9']));
    expect(allowed).toBe(false);
    expect(message).toContain(`an upgrade to ${TO} runs (Workflow refit-edge-1): wait until it has ended`);
  });

  it.each(['requested', 'declined', 'failed'] as const)('may be edited when its upgrade is %s', (state) => {
    const before = held(controlPlane(), { state });
    const { allowed, annotations = {} } = admit(before, edited(before, ['/spec/version', 'v1.34.9']));
    expect(allowed).toBe(true);
    expect(knownExternal(annotations)).toMatchObject({ number: 2, state: 'requested', to: 'v1.34.9' });
  });

  it.each<[string, Edit[]]>([
    ['the pause', [[PAUSED, undefined]]],
    ['all annotations', [['/metadata/annotations', undefined]]],
    ['the record', [[RECORD, undefined]]],
  ])('keeps pause and record when a program that does not know of them drops %s', (_what, edits) => {
    const before = held(controlPlane());
    const { annotations = {}, warnings } = admit(before, edited(before, ...edits));
    expect(annotations['cluster.x-k8s.io/paused']).toBe('capi-refit.io');
    expect(knownExternal(annotations)).toMatchObject({ number: 1, state: 'running' });
    expect(warnings?.[0]).toContain('remove label capi-refit.io/strategy');
  });

  it('keeps the pause of a failed upgrade, too', () => {
    const before = held(controlPlane(), { state: 'failed' });
    expect(admit(before, edited(before, [PAUSED, undefined])).annotations).toMatchObject({
      'cluster.x-k8s.io/paused': 'capi-refit.io',
    });
  });

  it('is released by the write that says how its upgrade ended', () => {
    const before = held(controlPlane());
    const ended = held(controlPlane(), { state: 'succeeded' });
    expect(admit(before, edited(ended, [PAUSED, undefined]))).toEqual({ allowed: true });
  });
});

describe('a review', () => {
  it('is decoded, and answered with a patch of the annotations', () => {
    const review = decodeReview({
      request: { uid: 'u', object: controlPlane(), oldObject: controlPlane(OLD) },
    });
    const answer = reviewResponse(review.uid, admitOwner(review)) as { response: { patch: string } };
    expect(answer).toMatchObject({
      kind: 'AdmissionReview',
      response: { uid: 'u', allowed: true, patchType: 'JSONPatch' },
    });
    expect(JSON.parse(Buffer.from(answer.response.patch, 'base64').toString())).toMatchObject([
      { op: 'add', path: '/metadata/annotations', value: { 'cluster.x-k8s.io/paused': 'capi-refit.io' } },
    ]);
  });

  it('that refuses says why', () => {
    const answer = reviewResponse('u', { allowed: false, message: 'no' });
    expect(answer).toMatchObject({ response: { allowed: false, status: { code: 403, message: 'no' } } });
  });

  it.each([undefined, {}, { request: { uid: 'u', object: {} } }])('%j is refused', (body) => {
    expect(() => decodeReview(body)).toThrow(/request\./);
  });

  it('that is nested without end is refused', () => {
    let spec: JsonObject = {};
    for (let level = 0; level < 1000; level += 1) spec = { a: spec };
    const body = { request: { uid: 'u', object: { spec }, oldObject: { spec } } };
    expect(() => decodeReview(body)).toThrow('more than 200 levels of nesting');
  });
});
