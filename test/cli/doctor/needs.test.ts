// The doctor asks for what the manifests give: no more, or it would find fault with a good installation.
import { expect, it } from '@jest/globals';
import { synthAll } from '../../../src/charts/install.ts';
import { values } from '../../../src/charts/values.ts';
import { EVERYWHERE, IN_NAMESPACE, infrastructureNeeds, type Need } from '../../../src/cli/doctor/needs.ts';

const metal3 = {
  spec: {
    infrastructureRef: { apiGroup: 'infrastructure.cluster.x-k8s.io', kind: 'Metal3Machine', name: 'm' },
  },
};

interface Role {
  kind: string;
  metadata: { name: string };
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

const all = synthAll(values, '0.1.0').flatMap(({ manifests }) => manifests as Role[]);
const NAMES = { server: 'capi-refit-server', steps: 'refit-workflow' } as const;

function isGiven(kind: 'Role' | 'ClusterRole', { account, verb, group, resource }: Need): boolean {
  const roles = all.filter((object) => object.kind === kind && object.metadata.name === NAMES[account]);
  return roles.some(({ rules }) =>
    rules.some(
      ({ apiGroups, resources, verbs }) =>
        apiGroups.includes(group) && resources.includes(resource) && verbs.includes(verb),
    ),
  );
}

it.each<['Role' | 'ClusterRole', Need]>([
  ...EVERYWHERE.map((need): ['ClusterRole', Need] => ['ClusterRole', need]),
  ...IN_NAMESPACE.map((need): ['Role', Need] => ['Role', need]),
  ['Role', infrastructureNeeds([metal3])[0]!],
])('the %s gives %j', (kind, need) => {
  expect(isGiven(kind, need)).toBe(true);
});
