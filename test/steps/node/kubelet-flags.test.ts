import { describe, expect, it } from '@jest/globals';
import { parseFlagFile, setFlags, withoutFlags } from '../../../src/steps/node/kubelet-flags.ts';

const flag = (name: string, value?: string) => ({ name, value });

/** As kubeadm's package brings it, with what people add. */
const DROP_IN = `# Note: This dropin only works with kubeadm and kubelet v1.11+
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml" OTHER=--network-plugin=cni
# Environment="KUBELET_OLD_ARGS=--network-plugin=cni"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStartPre=/usr/bin/prepare --network-plugin=cni
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS \\
    --network-plugin=cni \\
    $KUBELET_KUBEADM_ARGS -v 2 $KUBELET_EXTRA_ARGS
`;

describe('flags are found', () => {
  it.each([
    ['of kubeadm', 'KUBELET_KUBEADM_ARGS="--a=b --c=d=e"\n', [flag('a', 'b'), flag('c', 'd=e')]],
    ['without quotes', 'KUBELET_EXTRA_ARGS=--a=b --c=d\n', [flag('a', 'b'), flag('c', 'd')]],
    ['in single quotes, no line end', "KUBELET_EXTRA_ARGS='--a=b --c'", [flag('a', 'b'), flag('c')]],
    [
      'value in the next word',
      'KUBELET_X="--a b --c -1 --d --e"',
      [flag('a', 'b'), flag('c', '-1'), flag('d'), flag('e')],
    ],
    ['short ones', 'KUBELET_X="-v 2 -v=3 -v4"', [flag('v', '2'), flag('v', '3'), flag('v', '4')]],
    ['with underscores', 'KUBELET_X="--node_ip=10.0.0.1"', [flag('node-ip', '10.0.0.1')]],
    [
      'with a quoted value',
      String.raw`KUBELET_X="--a=\"b c\" --d='e f'"`,
      [flag('a', 'b c'), flag('d', 'e f')],
    ],
    [
      'over two lines',
      'KUBELET_X="--a=b \\\n  --c=d"\nKUBELET_Y=--e \\\n--f\n',
      [flag('a', 'b'), flag('c', 'd'), flag('e'), flag('f')],
    ],
    ['in no comment and no other variable', '# KUBELET_X=--a\n; KUBELET_X=--b\nHTTP_PROXY=--c\n', []],
    ['in no empty value', 'KUBELET_EXTRA_ARGS=\nKUBELET_X=--a\n', [flag('a')]],
    ['with Windows line ends', 'KUBELET_X=--a=b\r\nKUBELET_Y=--c\r\n', [flag('a', 'b'), flag('c')]],
    [
      'in units',
      DROP_IN,
      [
        flag('bootstrap-kubeconfig', '/etc/kubernetes/bootstrap-kubelet.conf'),
        flag('kubeconfig', '/etc/kubernetes/kubelet.conf'),
        flag('config', '/var/lib/kubelet/config.yaml'),
        flag('network-plugin', 'cni'),
        flag('v', '2'),
      ],
    ],
    [
      'before $NAME, not ${NAME}',
      '[Service]\nExecStart=-/usr/bin/kubelet --a $KUBELET_X --b ${IP}\n',
      [flag('a'), flag('b', '${IP}')],
    ],
  ])('%s', (_, text, expected) => expect(parseFlagFile(text)).toEqual(expected));
});

describe('flags are taken out, and every other byte is kept', () => {
  it.each([
    ['first', 'KUBELET_X="--p=1  --a=b"\n', 'KUBELET_X="--a=b"\n'],
    ['last', 'KUBELET_X="--a=b  --p=1"\n', 'KUBELET_X="--a=b"\n'],
    ['between', 'KUBELET_X="--a=b --p=1  --c"\n', 'KUBELET_X="--a=b --c"\n'],
    ['only', '# x\nKUBELET_X="--p=1"\n\n', '# x\nKUBELET_X=""\n\n'],
    ['only, without quotes', 'KUBELET_X=--p=1\nA=b\n', 'KUBELET_X=\nA=b\n'],
    ['with its value in the next word', "KUBELET_X='--p 1 --a'", "KUBELET_X='--a'"],
    ['repeated', 'KUBELET_X="--p=1 --a --p 2 --p"\n', 'KUBELET_X="--a"\n'],
    [
      'in several variables',
      'KUBELET_X=--p=1 --a\nKUBELET_Y="--b --p"\n',
      'KUBELET_X=--a\nKUBELET_Y="--b"\n',
    ],
    [
      'with quotes of its own',
      String.raw`KUBELET_X="--a=\"b c\" --p=\"1 2\" --d=\$"`,
      String.raw`KUBELET_X="--a=\"b c\" --d=\$"`,
    ],
    ['on a line of its own', 'KUBELET_X="--a \\\n  --p=1 \\\n  --c"\n', 'KUBELET_X="--a \\\n  --c"\n'],
    ['on the last line', 'KUBELET_X="--a \\\n  --p=1"\n', 'KUBELET_X="--a"\n'],
    [
      'a bool before $NAME',
      '[Service]\nExecStart=/usr/bin/kubelet --p $KUBELET_X\n',
      '[Service]\nExecStart=/usr/bin/kubelet $KUBELET_X\n',
    ],
    [
      'in a quoted Environment=',
      '[Service]\nEnvironment="A=b" "KUBELET_X=--p=1 --a"\n',
      '[Service]\nEnvironment="A=b" "KUBELET_X=--a"\n',
    ],
    ['not: a name that only begins like it', 'KUBELET_X="--pp=1 --p-q=2"', 'KUBELET_X="--pp=1 --p-q=2"'],
    ['not: a value that looks like it', 'KUBELET_X="--a=--p"', 'KUBELET_X="--a=--p"'],
  ])('%s', (_, text, expected) => expect(withoutFlags(text, ['p'])).toBe(expected));

  it('from a unit, only where the kubelet gets them', () => {
    const expected = DROP_IN.replace('    --network-plugin=cni \\\n    $KUBELET', '    $KUBELET');
    expect(expected).not.toBe(DROP_IN);
    expect(withoutFlags(DROP_IN, ['network-plugin'])).toBe(expected);
  });

  it('or not at all, when their quoting is beyond us', () => {
    // The value goes from one quoted part into the next: cutting would take a quote with it.
    const text = 'KUBELET_X="--a --p=1"\'2 --b\'\n';
    expect(() => withoutFlags(text, ['p'])).toThrow(
      'flags p: got a quoting in which they cannot be taken out',
    );
  });
});

describe('flags are set', () => {
  const text = 'KUBELET_KUBEADM_ARGS="--a=b --c=d"\n';
  it.each([
    ['the same text when they are there', text, [['c', 'd']], text],
    ['at the end', text, [['e', 'f']], 'KUBELET_KUBEADM_ARGS="--a=b --c=d --e=f"\n'],
    ['instead of another value', text, [['a', 'x']], 'KUBELET_KUBEADM_ARGS="--c=d --a=x"\n'],
    [
      'more than once',
      text,
      [
        ['a', 'b'],
        ['a', 'x'],
      ],
      'KUBELET_KUBEADM_ARGS="--c=d --a=b --a=x"\n',
    ],
    ['into an empty value', 'KUBELET_KUBEADM_ARGS=""\n', [['a', 'b']], 'KUBELET_KUBEADM_ARGS="--a=b"\n'],
    [
      'into one without quotes',
      'KUBELET_EXTRA_ARGS=--a=b\n# end\n',
      [['c', 'd']],
      'KUBELET_EXTRA_ARGS="--a=b --c=d"\n# end\n',
    ],
    ['into a file that is not there', '', [['a', 'b']], 'KUBELET_KUBEADM_ARGS="--a=b"\n'],
    ['into a file without the variable', '# x', [['a', 'b']], '# x\nKUBELET_KUBEADM_ARGS="--a=b"\n'],
    [
      'with blanks, quotes and backslashes',
      '',
      [['a', String.raw`b "c" \d $e`]],
      String.raw`KUBELET_KUBEADM_ARGS="--a=\"b \\\"c\\\" \\\\d $e\""` + '\n',
    ],
  ])('%s', (_, before, pairs, expected) => {
    const flags = (pairs as [string, string][]).map(([name, value]) => ({ name, value }));
    const after = setFlags(before, flags);
    expect(after).toBe(expected);
    expect(parseFlagFile(after)).toEqual(expect.arrayContaining(flags));
    expect(setFlags(after, flags)).toBe(after);
  });
});
