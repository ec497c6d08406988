import { describe, expect, it } from '@jest/globals';
import { readStepList, readStepsBehind, writeStepList, writeStepsBehind } from '../../src/api/step-list.ts';

describe('the list of steps as a parameter', () => {
  it.each(['', 'kubelet', 'kubeadm:3600,kubelet', 'kubeadm,configure:300:2400,kubelet,verify'])(
    '%j is read as it was written',
    (text) => {
      expect(writeStepList(readStepList(text))).toBe(text);
    },
  );

  it('has the usual timeout of a step that names none, and no wait', () => {
    expect(readStepList('kubelet')).toEqual([{ name: 'kubelet', timeoutSeconds: 600 }]);
  });

  it('has the wait of a step', () => {
    expect(readStepList('kubelet:60:70')).toEqual([{ name: 'kubelet', timeoutSeconds: 60, waitSeconds: 70 }]);
  });

  it.each([
    'drain',
    'kubelet:',
    'kubelet:0',
    'kubelet:60:0',
    'kubelet:60:',
    'kubelet:1:2:3',
    'kubelet::60',
    'kubelet:1e3',
  ])('%j is refused', (text) => {
    expect(() => readStepList(text)).toThrow(expect.objectContaining({ reason: 'BadInput' }));
  });
});

describe('the list of steps behind which another one begins', () => {
  it.each(['', 'preflight', 'preflight,protect,backup:1200,stage,prepull'])(
    '%j is read as it was written',
    (text) => {
      expect(writeStepsBehind(readStepsBehind(text))).toBe(text);
    },
  );

  it('has the usual timeout of a step that names none', () => {
    expect(readStepsBehind('backup')).toEqual([{ name: 'backup', timeoutSeconds: 600 }]);
  });

  it.each(['drain', 'kubelet', 'stage:', 'stage:0', 'stage:60:70', 'stage,'])('%j is refused', (text) => {
    expect(() => readStepsBehind(text)).toThrow(
      /^behind: got .*, expected some of preflight, protect, backup, stage, prepull/,
    );
  });
});
