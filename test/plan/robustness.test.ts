// Requests that nobody should send: decided or refused, quickly, and never answered in a way that costs a machine.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRequest } from '../../src/api/decode.ts';
import { StatusError } from '../../src/api/errors.ts';
import type { CanUpdateRequest } from '../../src/api/hooks.ts';
import { isObject, type JsonObject, type JsonValue } from '../../src/api/json.ts';
import type { Policy } from '../../src/api/policy.ts';
import { canUpdateResponse } from '../../src/plan/answer.ts';
import { decideCanUpdate, planUpdate } from '../../src/plan/decide.ts';
import { differences } from '../../src/plan/differences.ts';
import type { Facts } from '../../src/plan/types.ts';
import { stillDifferent } from '../helpers/json-patch.ts';
import { imageMap, machineBody, NO_FACTS, policyOf, recorded, recordings } from '../helpers/requests.ts';

const MUTATIONS = 10_000;
const SLOW_MS = 1000;

const POLICIES: readonly Policy[] = [
  policyOf(),
  policyOf({ onUncovered: 'replace' }),
  policyOf({ imageMap: imageMap('v1.34.3'), drain: 'always' }),
  policyOf({
    onUncovered: 'replace',
    claims: { files: ['/'], infrastructure: { DevMachine: ['/backend'] } },
  }),
];
const FACTS: readonly Facts[] = [
  NO_FACTS,
  { ...NO_FACTS, apiServerVersion: 'v1.34.3', nodeVersion: 'v1.33.7' },
];

const JUNK: readonly JsonValue[] = [
  null,
  true,
  0,
  -1.5,
  1e308,
  '',
  'x',
  'v1.34.3',
  'v1.35.0-rc.1',
  '../../etc',
  '\u0000\n\ud800',
  'a'.repeat(5000),
  [],
  {},
  [[]],
  [null],
  [{}, {}],
  ['a', { path: '/etc/kubernetes/a' }],
  [
    { path: '/etc/kubernetes/a', content: 'x' },
    { path: '/etc/kubernetes/a', append: true },
  ],
  [
    { name: 'max-pods', value: '1' },
    { name: 'max-pods', value: '2' },
  ],
  { a: { b: { c: [1, { d: null }] } } },
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}') as JsonValue,
  nested(90),
  nested(200),
];

type Mutation = { at: number; kind: 'set' | 'remove' | 'add' | 'double' | 'turn'; junk: JsonValue };

describe(`${MUTATIONS} mutations of recorded requests`, () => {
  const bodies = recordings('machine').map((path) => JSON.stringify(recorded(path)));
  const seen = { refused: 0, accept: 0, block: 0, replace: 0, reject: 0, plan: 0 };

  it('are refused with a StatusError or decided, in time, and Success is never given by mistake', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies),
        fc.array(mutations(), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...POLICIES),
        fc.constantFrom(...FACTS),
        (body, changes, policy, facts) => {
          const text = JSON.stringify(mutated(body, changes));
          const start = performance.now();
          seen[answer(text, policy, facts)] += 1;
          if (performance.now() - start > SLOW_MS) {
            const again = cpuMs();
            answer(text, policy, facts);
            expect(cpuMs() - again).toBeLessThan(SLOW_MS);
          }
        },
      ),
      { numRuns: MUTATIONS },
    );
    // The mutations reach every way out, not only the decoder's.
    expect(Object.values(seen).every((count) => count > 10)).toBe(true);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  function answer(text: string, policy: Policy, facts: Facts): keyof typeof seen {
    try {
      const request = decodeRequest(JSON.parse(text));
      if (request.hook !== 'UpdateMachine') return checkedDecision(request, policy, facts);
      const { steps } = planUpdate(request, policy, facts);
      expect([steps.at(0)?.name, steps.at(-1)?.name]).toEqual(['preflight', 'complete']);
      return 'plan';
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      expect([error.reason, error.message.length < 500]).toEqual(['BadInput', true]);
      return 'refused';
    }
  }

  /**
   * An accepted machine is one that CAPI finds fully patched, and CAPI replaces one only if the policy says so and a
   * named difference is uncovered. Everything else is Failure.
   */
  function checkedDecision(request: CanUpdateRequest, policy: Policy, facts: Facts): keyof typeof seen {
    const decision = decideCanUpdate(request, policy, facts);
    const response = canUpdateResponse(request.hook, decision);
    const uncovered = decision.differences.filter(({ verdict }) => verdict === 'uncovered');
    switch (decision.decision) {
      case 'accept':
        expect(response.status).toBe('Success');
        expect(uncovered).toEqual([]);
        expect(stillDifferent(request, decision.patches)).toEqual([]);
        break;
      case 'replace':
        expect(response.status).toBe('Success');
        expect(policy.onUncovered).toBe('replace');
        expect(uncovered.every(({ path }) => decision.reason.includes(path))).toBe(true);
        expect(uncovered).not.toEqual([]);
        expect(stillDifferent(request, decision.patches)).not.toEqual([]);
        break;
      case 'block':
      case 'reject':
        expect(response).toEqual(expect.objectContaining({ status: 'Failure', message: decision.reason }));
        expect(decision.reason).not.toBe('');
    }
    return decision.decision;
  }

  function mutations(): fc.Arbitrary<Mutation> {
    return fc.record({
      at: fc.nat(),
      kind: fc.constantFrom('set', 'remove', 'add', 'double', 'turn'),
      junk: fc.constantFrom(...JUNK),
    });
  }
});

describe('hostile requests of megabytes', () => {
  const list = <T>(length: number, item: (index: number) => T) =>
    Array.from({ length }, (_, index) => item(index));
  const object = (length: number, value: JsonValue): JsonObject =>
    Object.fromEntries(list(length, (index) => [`key${index}`, value]));

  it.each<[string, JsonObject, JsonObject]>([
    ['many fields', object(200_000, 0), object(200_000, 1)],
    ['many equal fields', object(100_000, 0), { ...object(100_000, 0), one: 1 }],
    ['many empty objects', { a: list(500_000, () => ({})) }, { a: list(500_000, () => []) }],
    ['many files in another order', { files: files(80_000) }, { files: files(80_000).reverse() }],
    ['many files of one name', { files: files(80_000, '/a') }, { files: files(80_001, '/a') }],
    ['deep objects', { a: list(5_000, () => nested(85)) }, {}],
    ['a long list', { mounts: list(500_000, () => 1) }, { mounts: list(500_000, () => 2) }],
  ])('%s are compared in less than a second', (_, from, to) => {
    const request = decodeRequest(machineBody({ from: { bootstrap: from }, to: { bootstrap: to } }));
    if (request.hook === 'UpdateMachine') throw new Error('not a CanUpdate request');
    const start = cpuMs();
    try {
      expect(differences(request)).not.toEqual([]);
    } catch (error) {
      expect(error).toBeInstanceOf(StatusError);
    }
    expect(cpuMs() - start).toBeLessThan(SLOW_MS);
  });

  function files(length: number, path?: string): JsonValue[] {
    return list(length, (index) => ({ path: path ?? `/f${index}` }));
  }
});

/** Time that this process has computed: the machine may be busy with other things. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function nested(depth: number): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}

/** A copy in which some places, anywhere, are changed. */
function mutated(body: string, mutations: readonly Mutation[]): JsonObject {
  const copy = JSON.parse(body) as JsonObject;
  const places = placesOf(copy);
  for (const { at, kind, junk } of mutations) {
    const place = places[at % places.length];
    if (place) mutate(place, kind, structuredClone(junk));
  }
  return copy;
}

type Place = { holder: JsonObject; key: string } | { holder: JsonValue[]; key: number };

function mutate(place: Place, kind: Mutation['kind'], junk: JsonValue): void {
  const { holder } = place;
  if (Array.isArray(holder)) {
    const key = Number(place.key);
    if (kind === 'remove') holder.splice(key, 1);
    else if (kind === 'add') holder.push(junk);
    else if (kind === 'double') holder.push(structuredClone(holder[key] ?? null));
    else if (kind === 'turn') holder.reverse();
    else holder[key] = junk;
    return;
  }
  const key = String(place.key);
  if (kind === 'remove') delete holder[key];
  else if (kind === 'add')
    Object.defineProperty(holder, '__proto__', {
      value: junk,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  else if (kind === 'double') holder[`${key}2`] = holder[key] ?? null;
  else if (kind === 'turn')
    [holder[key], holder[`${key}2`]] = [holder[`${key}2`] ?? null, holder[key] ?? null];
  else holder[key] = junk;
}

/** Every field and list entry; not below the metadata, which decides nothing. */
function placesOf(value: JsonValue, places: Place[] = []): Place[] {
  if (Array.isArray(value)) {
    value.forEach((item, key) => {
      places.push({ holder: value, key });
      placesOf(item, places);
    });
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      places.push({ holder: value, key });
      if (key !== 'metadata') placesOf(item, places);
    }
  }
  return places;
}
