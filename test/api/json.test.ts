import { describe, expect, it } from '@jest/globals';
import {
  canonicalJson,
  isDeeperThan,
  isObject,
  member,
  pointer,
  type JsonObject,
  type JsonValue,
} from '../../src/api/json.ts';

it.each<[unknown, boolean]>([
  [{}, true],
  [[], false],
  [null, false],
  ['text', false],
  [undefined, false],
])('isObject(%j) is %s', (value, expected) => {
  expect(isObject(value)).toBe(expected);
});

describe('member', () => {
  it.each(['__proto__', 'constructor', 'toString'])('is not found in the prototype: %s', (key) => {
    expect(member({}, key)).toBeUndefined();
    expect(member(JSON.parse(`{"${key}": 1}`) as JsonObject, key)).toBe(1);
  });

  it.each<[JsonValue | undefined]>([[[]], [['a']], ['text'], [null], [undefined]])(
    'of %j is nothing',
    (value) => {
      expect(member(value, 'length')).toBeUndefined();
      expect(member(value, '0')).toBeUndefined();
    },
  );
});

it.each([
  [[], ''],
  [['spec', 'files', 0, 'content'], '/spec/files/0/content'],
  [['a/b', 'c~d', ''], '/a~1b/c~0d/'],
  [['~1'], '/~01'],
])('pointer(%j) is %s', (keys, expected) => {
  expect(pointer(keys)).toBe(expected);
});

describe('canonicalJson', () => {
  it('does not depend on the order of keys, but on that of lists', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"x","d":null}]}',
    );
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  it('can be parsed again', () => {
    const value = { 'a"b': 'line\n', __proto__x: [[], {}, -0.5] };
    expect(JSON.parse(canonicalJson(value))).toEqual(value);
  });
});

describe('isDeeperThan', () => {
  const nested = (depth: number) => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as JsonObject;

  it('counts levels of objects and lists', () => {
    expect(isDeeperThan(nested(5), 5)).toBe(false);
    expect(isDeeperThan(nested(6), 5)).toBe(true);
    expect(isDeeperThan([[[[]]]], 2)).toBe(true);
    expect(isDeeperThan('text', 0)).toBe(false);
  });

  it('survives a depth that would exhaust the stack', () => {
    expect(isDeeperThan(nested(5000), 100)).toBe(true);
  });
});
