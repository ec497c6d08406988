import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { member, type JsonObject, type JsonValue } from '../../src/api/json.ts';
import { uncovered, type Claim } from '../../src/plan/claim.ts';
import { differences, type FieldDifference } from '../../src/plan/differences.ts';
import { patchesOf } from '../../src/plan/patches.ts';
import { applyPatch, stillDifferent } from '../helpers/json-patch.ts';
import {
  canUpdate,
  edited,
  keysOf,
  machineBody,
  machineSetBody,
  recorded,
  recordings,
} from '../helpers/requests.ts';

const CLAIMED: Claim = { verdict: 'claimed', reason: '', steps: [], subject: { kind: 'fields', name: '' } };

function patches(body: JsonObject, isClaimed: (difference: FieldDifference) => boolean = () => true) {
  const request = canUpdate(body);
  const judged = differences(request).map((difference) => ({
    difference,
    claim: isClaimed(difference) ? CLAIMED : uncovered(''),
  }));
  return { request, patches: patchesOf(request, judged) };
}

function bootstrapPatch(
  from: JsonObject,
  to: JsonObject,
  isClaimed?: (difference: FieldDifference) => boolean,
) {
  return patches(machineBody({ from: { bootstrap: from }, to: { bootstrap: to } }), isClaimed).patches
    .bootstrapConfig;
}

describe('operations', () => {
  it.each<[string, JsonObject, JsonObject, object[]]>([
    ['replace a field', { a: 1 }, { a: 2 }, [{ op: 'replace', path: '/spec/a', value: 2 }]],
    ['add a field', {}, { a: null }, [{ op: 'add', path: '/spec/a', value: null }]],
    ['remove a field', { a: {} }, {}, [{ op: 'remove', path: '/spec/a' }]],
    [
      'replace deep fields only',
      { a: { b: 1, c: 1 } },
      { a: { b: 1, c: 2 } },
      [{ op: 'replace', path: '/spec/a/c', value: 2 }],
    ],
    [
      'replace null by an object whole',
      { a: null },
      { a: { b: 1 } },
      [{ op: 'replace', path: '/spec/a', value: { b: 1 } }],
    ],
    [
      'replace a list whole',
      { files: [{ path: '/a' }] },
      { files: [{ path: '/a' }, { path: '/b' }] },
      [{ op: 'replace', path: '/spec/files', value: [{ path: '/a' }, { path: '/b' }] }],
    ],
    [
      'add at the topmost absent object',
      {},
      { a: { b: { c: 1, d: 2 } } },
      [{ op: 'add', path: '/spec/a', value: { b: { c: 1, d: 2 } } }],
    ],
    [
      'remove at the topmost object that goes',
      { a: { b: { c: 1, d: 2 } } },
      {},
      [{ op: 'remove', path: '/spec/a' }],
    ],
    ['escape names', { 'a/b~c': 1 }, { 'a/b~c': 2 }, [{ op: 'replace', path: '/spec/a~1b~0c', value: 2 }]],
    [
      'treat a changed order as a change of the list',
      { users: [{ name: 'a' }, { name: 'b' }] },
      { users: [{ name: 'b' }, { name: 'a' }] },
      [{ op: 'replace', path: '/spec/users', value: [{ name: 'b' }, { name: 'a' }] }],
    ],
  ])('%s', (_, from, to, expected) => {
    expect(bootstrapPatch(from, to)).toEqual(expected);
  });

  it('of sets and templates begin at /spec/template/spec', () => {
    const body = machineSetBody({
      to: { version: 'v1.34.4', failureDomain: 'b', bootstrap: { verbosity: 1 }, infrastructure: { cpu: 1 } },
    });
    expect(patches(body).patches).toEqual({
      machineSet: [
        { op: 'replace', path: '/spec/template/spec/version', value: 'v1.34.4' },
        { op: 'add', path: '/spec/template/spec/failureDomain', value: 'b' },
      ],
      infrastructureMachineTemplate: [{ op: 'add', path: '/spec/template/spec/cpu', value: 1 }],
      bootstrapConfigTemplate: [{ op: 'add', path: '/spec/template/spec/verbosity', value: 1 }],
    });
  });

  it('are left out for an object with none', () => {
    expect(patches(machineBody({})).patches).toEqual({});
  });

  it('hold the wanted value itself, not a copy of a model', () => {
    const { request, patches: found } = patches(
      machineBody({ to: { bootstrap: { files: [{ path: '/a', unknown: { x: [] } }] } } }),
    );
    const [operation] = found.bootstrapConfig ?? [];
    const wanted = request.hook === 'CanUpdateMachine' && request.desired.bootstrapConfig?.spec['files'];
    expect(operation?.op === 'add' && operation.value).toBe(wanted);
  });
});

describe('what is uncovered is left as it is', () => {
  const except =
    (path: string) =>
    (difference: FieldDifference): boolean =>
      difference.path !== path;

  it('a field beside claimed ones', () => {
    expect(bootstrapPatch({}, { a: 1, b: 2 }, except('/spec/a'))).toEqual([
      { op: 'add', path: '/spec/b', value: 2 },
    ]);
  });

  it('a list with one uncovered entry', () => {
    const files = [{ path: '/a' }, { path: '/b' }];
    expect(bootstrapPatch({ files: [] }, { files }, except('/spec/files/1'))).toBeUndefined();
  });

  it('an added object with one uncovered field', () => {
    expect(bootstrapPatch({}, { a: { b: 1, c: 2 } }, except('/spec/a/b'))).toBeUndefined();
  });

  it('a removed object with one uncovered field', () => {
    expect(bootstrapPatch({ a: { b: 1, c: 2 } }, {}, except('/spec/a/b'))).toBeUndefined();
  });

  it('an object of another kind', () => {
    const body = edited(machineBody({ to: { version: 'v1.34.4' } }), [
      '/desired/bootstrapConfig/kind',
      'Other',
    ]);
    expect(Object.keys(patches(body, except('')).patches)).toEqual(['machine']);
  });
});

describe('when every difference is claimed, CAPI finds nothing different afterwards', () => {
  it.each(recordings('-canupdate'))('%s', (path) => {
    const { request, patches: found } = patches(recorded(path));
    expect(stillDifferent(request, {})).not.toEqual([]);
    expect(stillDifferent(request, found)).toEqual([]);
  });

  it('for any two specs', () => {
    fc.assert(
      fc.property(specs(), specs(), (from, to) => {
        for (const body of [machineBody, machineSetBody]) {
          const side = (spec: JsonObject) => ({ bootstrap: spec, infrastructure: spec });
          const { request, patches: found } = patches(body({ from: side(from), to: side(to) }));
          expect(stillDifferent(request, found)).toEqual([]);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('and an uncovered part is what is left, never a broken patch', () => {
    fc.assert(
      fc.property(specs(), specs(), fc.func(fc.boolean()), (from, to, choose) => {
        const body = machineBody({ from: { bootstrap: from }, to: { bootstrap: to } });
        const { request, patches: found } = patches(body, ({ path }) => choose(path));
        const config = request.hook === 'CanUpdateMachine' ? request.current.bootstrapConfig : undefined;
        const patched = applyPatch(config ?? {}, found.bootstrapConfig ?? []);
        for (const { path, order, from: before } of differences(request)) {
          if (order || choose(path) || keysOf(path).some((key) => /^\d+$/.test(key))) continue;
          expect(at(patched, path)).toEqual(before);
        }
      }),
      { numRuns: 1000 },
    );
  });

  function at(document: JsonValue, path: string): JsonValue | undefined {
    return keysOf(path).reduce<JsonValue | undefined>(member, document);
  }

  /** Two of them have much in common, so that all kinds of changes happen. */
  function specs(): fc.Arbitrary<JsonObject> {
    const key = fc.constantFrom('a', 'b', 'files', 'taints', 'x/y', '~1', '', '__proto__', 'constructor');
    const scalar = fc.constantFrom<JsonValue>(null, true, 0, 1, '', 'a', 'b');
    const { spec } = fc.letrec<{ value: JsonValue; list: JsonValue[]; named: JsonValue[]; spec: JsonObject }>(
      (tie) => ({
        value: fc.oneof({ depthSize: 'small' }, scalar, tie('spec'), tie('list'), tie('named')),
        list: fc.array(fc.oneof(scalar, tie('value')), { maxLength: 3 }),
        named: fc.array(
          fc
            .record({ path: fc.constantFrom('/a', '/b', '/c'), content: scalar })
            .map((entry): JsonObject => entry),
          { maxLength: 4 },
        ),
        spec: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      }),
    );
    return spec.map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
  }
});
