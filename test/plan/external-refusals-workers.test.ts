import { describe, expect, it } from '@jest/globals';
import { askOf } from '../../src/api/external-owner.ts';
import { decideExternal, type ExternalSituation } from '../../src/plan/external.ts';
import {
  type Changed,
  FROM,
  machineDeployment,
  machineOf,
  machineSet,
  TO,
  workerSituation,
} from '../helpers/external.ts';
import { held } from '../helpers/external-site.ts';
import { edited, imageMap, policyOf } from '../helpers/requests.ts';

const policy = policyOf({ imageMap: imageMap(FROM, TO) });

function declinedOf(situation: ExternalSituation): string {
  const decision = decideExternal(situation, policy);
  return 'declined' in decision ? decision.declined : `not declined: ${JSON.stringify(decision)}`;
}

describe('workers', () => {
  it.each<[string, Changed, string]>([
    [
      'a version above the control plane',
      { facts: { admission: 'open', apiServerVersion: FROM } },
      'expected at most v1.33.7 of the control plane: upgrade that first',
    ],
    [
      'also a patch version above it',
      { facts: { admission: 'open', apiServerVersion: 'v1.34.1' } },
      'expected at most v1.34.1 of the control plane: upgrade that first',
    ],
    [
      'a roll-out of Cluster API',
      { machineSets: [machineSet('edge-md-1'), machineSet('edge-md-2')] },
      'MachineSets edge-md-1, edge-md-2 hold Machines, expected one',
    ],
    [
      'a MachineSet that somebody else paused',
      { machineSets: [machineSet('edge-md-1', ['/metadata/annotations/cluster.x-k8s.io~1paused', ''])] },
      'MachineSet edge-md-1 is paused by somebody else',
    ],
    [
      'a roll-out that is stopped half-way, since its owner is held',
      {
        owner: held(machineDeployment()),
        machineSets: [machineSet('edge-md-1'), machineSet('edge-md-2')],
      },
      'Cluster API is rolling out, and goes on when label capi-refit.io/strategy, then annotation',
    ],
    [
      'a date on which Cluster API makes another MachineSet',
      {
        owner: machineDeployment(['/spec/rollout/after', '2026-02-01T00:00:00Z']),
        machineSets: [machineSet('edge-md-1', ['/metadata/creationTimestamp', '2026-01-01T00:00:00Z'])],
      },
      'expected a date before edge-md-1 was made',
    ],
    [
      'another failure domain',
      { owner: machineDeployment(['/spec/template/spec/failureDomain', 'b']) },
      'a machine is not moved in place',
    ],
  ])('decline %s', (_what, changed, text) => {
    expect(declinedOf(workerSituation(changed))).toContain(text);
  });
});

describe('an owner', () => {
  it('with many Machines is declined in few words: an annotation has to hold them', () => {
    const machines = Array.from({ length: 200 }, (_, index) =>
      machineOf('MachineDeployment', `md-${index}`, ['/machine/status/nodeRef', undefined]),
    );
    const owner = machineDeployment(['/spec/replicas', machines.length]);
    const declined = declinedOf(workerSituation({ owner, machines }));
    expect(declined).toMatch(/^Machine md-0: has no Node yet.*\.\.\.$/);
    expect(declined).toHaveLength(2000);
  });

  it('of unknown kind is refused', () => {
    const owner = edited(machineDeployment(), ['/kind', 'MachinePool']);
    expect(() => askOf(owner)).toThrow(
      'owner kind: got "MachinePool", expected KubeadmControlPlane or MachineDeployment',
    );
  });
});
