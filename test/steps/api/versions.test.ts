import { describe, expect, it } from '@jest/globals';
import { versionRefusals, type ApiServer, type Versions } from '../../../src/steps/api/versions.ts';

const on = (node: string, version: string): ApiServer => ({ node, version });
const WORKER: Versions = {
  role: 'worker',
  node: 'node-1',
  kubelet: 'v1.33.7',
  target: 'v1.34.3',
  apiServers: [{ version: 'v1.34.3' }],
};
const CONTROL_PLANE: Versions = {
  ...WORKER,
  role: 'control-plane',
  apiServers: [{ version: 'v1.33.7' }, on('node-1', 'v1.33.7'), on('node-2', 'v1.33.7')],
};

describe('the node may go to the version', () => {
  it.each<[string, Versions]>([
    ['a worker after its API servers', WORKER],
    [
      'a worker far below its API servers',
      { ...WORKER, target: 'v1.33.8', apiServers: [{ version: 'v1.35.0' }] },
    ],
    ['a worker of the same version', { ...WORKER, kubelet: 'v1.34.3' }],
    ['a worker at a newer patch than its API server', { ...WORKER, apiServers: [{ version: 'v1.34.1' }] }],
    ['the first of the control plane', CONTROL_PLANE],
    [
      'the last of the control plane',
      {
        ...CONTROL_PLANE,
        apiServers: [{ version: 'v1.34.3' }, on('node-1', 'v1.33.7'), on('node-2', 'v1.34.3')],
      },
    ],
    ['a control plane that shows no static pods', { ...CONTROL_PLANE, apiServers: [{ version: 'v1.33.7' }] }],
    [
      'a control plane whose kubelet is behind',
      { ...CONTROL_PLANE, apiServers: [{ version: 'v1.34.3' }, on('node-1', 'v1.34.3')] },
    ],
  ])('%s', (_, versions) => {
    expect(versionRefusals(versions)).toEqual([]);
  });
});

describe('the node may not', () => {
  it.each<[string, Versions, string]>([
    [
      'skip a minor version',
      { ...WORKER, target: 'v1.35.0', apiServers: [{ version: 'v1.35.0' }] },
      'skips a minor version',
    ],
    ['go back', { ...WORKER, target: 'v1.33.1' }, 'downgrade from v1.33.7 to v1.33.1'],
    [
      'get above the API server',
      { ...WORKER, apiServers: [{ version: 'v1.33.9' }] },
      'kubelet: got v1.34.3, expected at most the minor version of the API server, v1.33.9',
    ],
    [
      'get above any one of the API servers',
      { ...WORKER, apiServers: [{ version: 'v1.34.3' }, on('cp-2', 'v1.33.9')] },
      'the API server on cp-2, v1.33.9',
    ],
    [
      'leave another API server two minors behind',
      { ...CONTROL_PLANE, apiServers: [{ version: 'v1.33.7' }, on('node-2', 'v1.32.1')] },
      'kube-apiserver: got v1.34.3, expected within one minor version of the API server on node-2, v1.32.1',
    ],
    [
      'fall two minors behind another API server',
      { ...CONTROL_PLANE, target: 'v1.33.8', apiServers: [on('node-2', 'v1.35.1')] },
      'within one minor version of the API server on node-2, v1.35.1',
    ],
    [
      'take its API server back',
      { ...CONTROL_PLANE, apiServers: [on('node-1', 'v1.34.9')] },
      'kube-apiserver: downgrade from v1.34.9 to v1.34.3',
    ],
    [
      'take its API server two minors on',
      { ...CONTROL_PLANE, apiServers: [on('node-1', 'v1.32.9')] },
      'kube-apiserver: skips a minor version: v1.32.9 to v1.34.3',
    ],
  ])('%s', (_, versions, refusal) => {
    expect(versionRefusals(versions).join('; ')).toContain(refusal);
  });

  it('be judged by what is no version', () => {
    expect(() => versionRefusals({ ...WORKER, kubelet: 'none' })).toThrow('kubeletVersion: got "none"');
  });
});
