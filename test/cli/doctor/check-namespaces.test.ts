import { it } from '@jest/globals';
import { controlPlaneSample } from '../../helpers/operator-objects.ts';
import { INFRASTRUCTURE } from '../../../src/cli/doctor/needs.ts';
import { expectFinding, type FindingRow } from './expect-finding.ts';
import { NO_SURGE, facts, imageMap } from './samples.ts';

const namespace = facts().namespaces[0]!;

it.each<FindingRow>([
  ['the image map is empty', { imageMap: { found: imageMap('{}') } }, 'error', 'image map', /^empty/],
  [
    'it lacks a version',
    { controlPlanes: { found: [controlPlaneSample('v1.35.1', NO_SURGE)] } },
    'error',
    'image map',
    /no release for v1.35.1, which KubeadmControlPlane lab\/edge-cp asks for/,
  ],
  [
    'it is bad',
    { imageMap: { found: imageMap('v1.34.3: { kubernetes: 1.34 }') } },
    'error',
    'image map',
    /image map.*kubernetes/,
  ],
  [
    'a namespace is not installed',
    { namespaces: [{ ...namespace, serviceAccount: { found: undefined } }] },
    'error',
    'namespaces',
    /lab: no ServiceAccount refit-workflow/,
  ],
  [
    'a namespace has another map',
    { namespaces: [{ ...namespace, imageMap: { found: imageMap('{}') } }] },
    'error',
    'namespaces',
    /another image map/,
  ],
  ['nothing has opted in', { namespaces: [] }, 'warning', 'namespaces', /no Cluster has opted in/],
  [
    'a right is missing',
    {
      namespaces: [
        {
          ...namespace,
          missing: {
            found: [{ account: 'steps', verb: 'patch', group: 'cluster.x-k8s.io', resource: 'machines' }],
          },
        },
      ],
    },
    'error',
    'rights',
    /in lab the steps may not patch machines/,
  ],
  [
    'the infrastructure of external upgrades is not named',
    {
      namespaces: [
        {
          ...namespace,
          missing: {
            found: [{ account: 'steps', verb: 'patch', group: INFRASTRUCTURE, resource: 'metal3machines' }],
          },
        },
      ],
    },
    'error',
    'rights',
    /in lab the steps may not patch metal3machines/,
  ],
])('finds that %s', (_name, changed, level, check, message) =>
  expectFinding(changed, { level, check, message }),
);
