// What real Cluster API asked in changes made by hand, and what Refit makes of it.
import { describe, expect, it } from '@jest/globals';
import { decideCanUpdate, planUpdate } from '../../src/plan/decide.ts';
import type { Decision } from '../../src/plan/types.ts';
import { stillDifferent } from '../helpers/json-patch.ts';
import {
  canUpdate,
  isOfLab,
  NO_FACTS,
  policyOf,
  recorded,
  recordings,
  updateMachine,
} from '../helpers/requests.ts';

interface Expected {
  decision: Decision['decision'];
  differences: string[];
  steps: string;
}

const TEMPLATE = 'bootstrapConfigTemplate /spec/template/spec';
const ONE_FILE = (object: string): Expected => ({
  decision: 'accept',
  differences: [`${object}/files/0/content claimed`],
  steps: 'stage configure',
});

const EXPECTED: Record<string, Expected> = {
  'kcp-version-1.33-to-1.34': {
    decision: 'accept',
    differences: ['machine /spec/version claimed'],
    steps: 'stage prepull kubeadm drain kubelet',
  },
  'kcp-files-kubeletargs-etcdtag-certsans': {
    decision: 'accept',
    differences: [
      'bootstrapConfig /spec/clusterConfiguration/apiServer/certSANs claimed',
      'bootstrapConfig /spec/clusterConfiguration/etcd/local/imageTag claimed',
      'bootstrapConfig /spec/files/0/content claimed',
      'bootstrapConfig /spec/joinConfiguration/nodeRegistration/kubeletExtraArgs/2 claimed',
    ],
    steps: 'stage prepull kubeadm drain configure kubelet',
  },
  'kcp-infra-and-version-1.34-to-1.35': {
    decision: 'block',
    differences: [
      'machine /spec/version claimed',
      'infrastructureMachine /spec/backend/inMemory/node/provisioning/startupJitter uncovered',
      'infrastructureMachine /spec/backend/inMemory/vm/provisioning/startupDuration uncovered',
    ],
    steps: 'stage prepull kubeadm drain kubelet',
  },
  'kcp-removals-extraargs-scheduler-files-ntp': {
    decision: 'block',
    differences: [
      'machine /spec/version claimed',
      'bootstrapConfig /spec/clusterConfiguration/apiServer/extraArgs/2 claimed',
      'bootstrapConfig /spec/clusterConfiguration/scheduler/extraArgs/0 claimed',
      'bootstrapConfig /spec/files/2 uncovered',
      'bootstrapConfig /spec/ntp/servers uncovered',
    ],
    steps: 'stage prepull kubeadm drain kubelet',
  },
  'kcp-maxsurge-1': ONE_FILE('bootstrapConfig /spec'),
  'md-version-1.33-to-1.34': {
    decision: 'accept',
    differences: ['machineSet /spec/template/spec/version claimed'],
    steps: 'stage prepull drain kubeadm kubelet',
  },
  'md-files-kubeletargs': {
    decision: 'block',
    differences: [
      `${TEMPLATE}/files/0/content claimed`,
      `${TEMPLATE}/files/2 uncovered`,
      `${TEMPLATE}/joinConfiguration/nodeRegistration/kubeletExtraArgs/2 claimed`,
    ],
    steps: 'stage drain configure kubelet',
  },
  'md-infra-and-version-1.34-to-1.35': {
    decision: 'block',
    differences: [
      'machineSet /spec/template/spec/version claimed',
      'infrastructureMachineTemplate /spec/template/spec/backend/inMemory/node/provisioning/startupJitter uncovered',
      'infrastructureMachineTemplate /spec/template/spec/backend/inMemory/vm/provisioning/startupDuration uncovered',
    ],
    steps: 'stage prepull drain kubeadm kubelet',
  },
  'md-edited-while-updating': ONE_FILE(TEMPLATE),
};

const byHand = (containing: string) => recordings(containing).filter((path) => !isOfLab(path));

const AROUND = ['preflight', 'protect', 'backup', 'verify', 'complete'];
const folderOf = (path: string) => path.split('/')[0] ?? '';

function work(steps: readonly { name: string }[]): string {
  return steps
    .map(({ name }) => name)
    .filter((name) => !AROUND.includes(name))
    .join(' ');
}

describe('CanUpdate', () => {
  it('has an expectation for every recorded folder', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual([...new Set(byHand('-canupdate').map(folderOf))]);
  });

  it.each(byHand('-canupdate'))('%s', (path) => {
    const request = canUpdate(recorded(path));
    const decision = decideCanUpdate(request, policyOf(), NO_FACTS);
    expect({
      decision: decision.decision,
      differences: decision.differences.map(({ object, path: at, verdict }) => `${object} ${at} ${verdict}`),
      steps: work(decision.steps),
    }).toEqual(EXPECTED[folderOf(path)]);
    if (decision.decision === 'accept') expect(stillDifferent(request, decision.patches)).toEqual([]);
  });

  it.each(byHand('-canupdate').filter((path) => path.includes('-infra-')))(
    '%s is accepted when the policy allows the infrastructure fields',
    (path) => {
      const request = canUpdate(recorded(path));
      const policy = policyOf({ claims: { infrastructure: { DevMachine: ['/backend/inMemory'] } } });
      const decision = decideCanUpdate(request, policy, NO_FACTS);
      expect(decision.decision).toBe('accept');
      expect(stillDifferent(request, decision.patches)).toEqual([]);
    },
  );

  it.each(byHand('-canupdate').filter((path) => /md-files|removals/.test(path)))(
    '%s: all files may be allowed',
    (path) => {
      const policy = policyOf({ claims: { files: ['/'] } });
      const { differences } = decideCanUpdate(canUpdate(recorded(path)), policy, NO_FACTS);
      expect(differences.filter(({ path: at }) => at.includes('/files/'))).toEqual(
        expect.arrayContaining([expect.objectContaining({ verdict: 'claimed' })]),
      );
      expect(differences.find(({ path: at }) => at.endsWith('/files/2'))).toMatchObject({
        verdict: 'claimed',
      });
    },
  );
});

describe('UpdateMachine', () => {
  it.each(byHand('-updatemachine'))('%s', (path) => {
    const plan = planUpdate(updateMachine(recorded(path)), policyOf(), NO_FACTS);
    expect(plan.role).toBe(path.startsWith('kcp') ? 'control-plane' : 'worker');
    const drained = plan.role === 'worker' ? 'drain kubeadm' : 'kubeadm drain';
    expect(work(plan.steps)).toBe(`stage prepull ${drained} configure kubelet`);
  });
});
