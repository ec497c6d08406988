import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../src/api/json.ts';
import { changesBetween } from '../../src/plan/compare.ts';

/** Pointer-like places with what they change from and to; absent sides are left out. */
function changes(from: JsonValue, to: JsonValue) {
  return changesBetween(from, to).map((change) => ({
    at: change.keys.join('/'),
    ...('from' in change ? { from: change.from } : {}),
    ...('to' in change ? { to: change.to } : {}),
  }));
}

describe('values', () => {
  const four: [string, JsonValue][] = [
    ['absent', {}],
    ['null', { x: null }],
    ['{}', { x: {} }],
    ['[]', { x: [] }],
  ];
  const pairs = four.flatMap(([a, from]) => four.map(([b, to]) => [a, b, from, to] as const));

  it.each(pairs)('takes %s and %s for equal only if they are the same', (a, b, from, to) => {
    expect(changes(from, to)).toEqual(a === b ? [] : [{ at: 'x', ...sides(from, to) }]);
  });

  it.each([
    [1, '1'],
    [0, false],
    ['', null],
    [{}, 'text'],
    [[1], { 0: 1 }],
    [{ a: 1 }, [1]],
  ])('gives one change where %j becomes %j', (from, to) => {
    expect(changes({ x: from }, { x: to })).toEqual([{ at: 'x', from, to }]);
  });

  function sides(from: JsonValue, to: JsonValue) {
    const { x: a } = from as { x?: JsonValue };
    const { x: b } = to as { x?: JsonValue };
    return { ...(a === undefined ? {} : { from: a }), ...(b === undefined ? {} : { to: b }) };
  }
});

describe('objects', () => {
  it('are descended to the fields that differ, in the order of their names', () => {
    expect(changes({ b: { c: 1, d: 2 }, a: 1, e: 5 }, { a: 2, b: { c: 1, d: 3 }, e: 5 })).toEqual([
      { at: 'a', from: 1, to: 2 },
      { at: 'b/d', from: 2, to: 3 },
    ]);
  });

  it('are descended where only one side has them, so that every field gets its own verdict', () => {
    expect(changes({ old: { a: 1, b: {} } }, { new: { c: [1, 2], d: { e: null } } })).toEqual([
      { at: 'new/c', to: [1, 2] },
      { at: 'new/d/e', to: null },
      { at: 'old/a', from: 1 },
      { at: 'old/b', from: {} },
    ]);
  });

  it('that were null are descended like added ones', () => {
    expect(changes({ x: null }, { x: { a: 1 } })).toEqual([{ at: 'x/a', to: 1 }]);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('may have a field named %s', (key) => {
    const withKey = JSON.parse(`{"${key}": {"a": 1}}`) as JsonValue;
    expect(changes({}, withKey)).toEqual([{ at: `${key}/a`, to: 1 }]);
    expect(changes(withKey, {})).toEqual([{ at: `${key}/a`, from: 1 }]);
    expect(changes(withKey, JSON.parse(`{"${key}": {"a": 1}}`) as JsonValue)).toEqual([]);
  });
});

describe('lists of scalars', () => {
  it.each<[JsonValue, JsonValue]>([
    [['a'], ['a', 'b']],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [[], ['a']],
    [['a'], []],
  ])('are one change: %j to %j', (from, to) => {
    expect(changes({ list: from }, { list: to })).toEqual([{ at: 'list', from, to }]);
  });

  it('that are the same are no change', () => {
    expect(changes({ list: ['a', 1, null] }, { list: ['a', 1, null] })).toEqual([]);
  });
});

describe('lists of named objects', () => {
  const file = (path: string, content = 'x') => ({ path, content });
  const [a, b, c] = [file('/a'), file('/b'), file('/c')];

  it.each<[string, JsonValue, JsonValue, object[]]>([
    [
      'a changed entry by the wanted index',
      [a, b],
      [b, file('/a', 'y')],
      [
        { at: 'files', from: [a, b], to: [b, file('/a', 'y')] },
        { at: 'files/1/content', from: 'x', to: 'y' },
      ],
    ],
    ['an added entry whole, by the wanted index', [a, c], [a, b, c], [{ at: 'files/1', to: b }]],
    ['a removed entry whole, by the current index', [a, b, c], [a, c], [{ at: 'files/1', from: b }]],
    [
      'a replaced entry as removed and added',
      [a, b],
      [a, c],
      [
        { at: 'files/1', from: b },
        { at: 'files/1', to: c },
      ],
    ],
    [
      'the second entry of a name as such',
      [a, file('/a', '1')],
      [a, file('/a', '2')],
      [{ at: 'files/1/content', from: '1', to: '2' }],
    ],
    ['a new order as one change', [a, b, c], [c, a, b], [{ at: 'files', from: [a, b, c], to: [c, a, b] }]],
    ['entries of a list that was absent', null, [a], [{ at: 'files/0', to: a }]],
    ['entries of a list that was empty', [], [a], [{ at: 'files/0', to: a }]],
    ['entries of a list that goes', [a], null, [{ at: 'files/0', from: a }]],
  ])('show %s', (_, from, to, expected) => {
    expect(changes({ files: from }, { files: to })).toEqual(expected);
  });

  it('say that only the order changes', () => {
    expect(changesBetween({ files: [a, b] }, { files: [b, a] })).toMatchObject([
      { keys: ['files'], order: true },
    ]);
  });

  it('hand on the whole entry with a change inside it', () => {
    const [change] = changesBetween({ files: [a] }, { files: [file('/a', 'y')] });
    expect(change?.entry).toEqual({ from: a, to: file('/a', 'y') });
  });

  it.each([
    ['users', 'name'],
    ['extraArgs', 'name'],
    ['kubeletExtraArgs', 'name'],
    ['extraEnvs', 'name'],
    ['extraVolumes', 'name'],
  ])('%s are matched by %s', (list, key) => {
    const entry = (name: string) => ({ [key]: name, value: 'x' });
    expect(changes({ [list]: [entry('a'), entry('b')] }, { [list]: [entry('b')] })).toEqual([
      { at: `${list}/0`, from: entry('a') },
    ]);
  });

  it('taints are matched by key and effect', () => {
    const taint = (key: string, effect: string, value: string) => ({ key, effect, value });
    expect(
      changes(
        { taints: [taint('k', 'NoSchedule', 'v'), taint('k', 'NoExecute', 'v')] },
        { taints: [taint('k', 'NoSchedule', 'v'), taint('k', 'NoExecute', 'w')] },
      ),
    ).toEqual([{ at: 'taints/1/value', from: 'v', to: 'w' }]);
  });

  it('are matched by place when an entry has no name', () => {
    expect(changes({ files: [{ content: 'x' }, a] }, { files: [a] })).toEqual([
      { at: 'files/0/path', to: '/a' },
      { at: 'files/1', from: a },
    ]);
  });
});

describe('other lists', () => {
  it('are matched by place', () => {
    expect(
      changes({ disks: [{ size: 1 }, { size: 2 }] }, { disks: [{ size: 1 }, { size: 3 }, { size: 4 }] }),
    ).toEqual([
      { at: 'disks/1/size', from: 2, to: 3 },
      { at: 'disks/2', to: { size: 4 } },
    ]);
  });

  it('of lists are matched by place', () => {
    expect(changes({ mounts: [['a', 'b']] }, { mounts: [['a', 'c'], ['d']] })).toEqual([
      { at: 'mounts/0', from: ['a', 'b'], to: ['a', 'c'] },
      { at: 'mounts/1', to: ['d'] },
    ]);
  });

  it('order more than ten entries by number', () => {
    const list = (size: number) => Array.from({ length: 12 }, (_, index) => ({ index, size }));
    expect(changes({ disks: list(1) }, { disks: list(2) }).map(({ at }) => at)).toEqual(
      Array.from({ length: 12 }, (_, index) => `disks/${index}/size`),
    );
  });
});

describe('size', () => {
  it('refuses more changes than any real update has', () => {
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`k${index}`, 1]));
    expect(() => changesBetween({}, many)).toThrow('expected at most 10000 between current and desired');
  });
});
