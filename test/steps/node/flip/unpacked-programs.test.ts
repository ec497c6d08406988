import { expect, it } from '@jest/globals';
import { layerOf } from '../../../../src/steps/node/flip/unpacked-programs.ts';
import { CONTAINERD, LAYERS, mountinfo } from './layers.ts';

it.each([
  ['of containerd', CONTAINERD, `${LAYERS}/90/fs`],
  [
    'of CRI-O',
    'lowerdir=/s/overlay/l/A,upperdir=/s/overlay/1f/diff,workdir=/s/overlay/1f/work',
    '/s/overlay/1f/diff',
  ],
  ['a name that mountinfo escapes', 'upperdir=/a\\040b/1/fs', undefined],
])('knows the layer %s', (_, options, expected) => {
  expect(layerOf(mountinfo(options))).toBe(expected);
});

it('knows none of another file system', () => {
  expect(layerOf('899 800 0:57 / / rw - ext4 /dev/vda rw,upperdir=/x/1/fs\n')).toBeUndefined();
});
