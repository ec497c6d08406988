import { it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { expectFinding, type FindingRow } from './expect-finding.ts';
import { CORE, KCP, REFIT, program } from './samples.ts';

const argo = (image: string, ...args: string[]) => program('argo', 'controller', image, args);
const deployments = (...found: JsonObject[]) => ({ deployments: { found } });

it.each<FindingRow>([
  [
    'Argo is old',
    deployments(CORE, KCP, argo('x/workflow-controller:v3.7.1'), REFIT),
    'error',
    'Argo Workflows',
    /v3.7.1, too old/,
  ],
  [
    'Argo looks elsewhere',
    deployments(CORE, KCP, argo('x/workflow-controller:v4.0.2', '--namespaced'), REFIT),
    'error',
    'Argo Workflows',
    /does not look at lab/,
  ],
  [
    'Argo has minimal CRDs',
    {
      workflowDefinition: {
        found: { spec: { versions: [{ schema: { openAPIV3Schema: { properties: { spec: {} } } } }] } },
      },
    },
    'error',
    'Argo Workflows',
    /minimal CRDs/,
  ],
  [
    'Argo refuses templates',
    { argoConfig: { found: { data: { workflowRestrictions: 'templateReferencing: Strict' } } } },
    'error',
    'Argo Workflows',
    /"Strict" refuses our Workflows/,
  ],
  [
    'Argo has an instance',
    { argoConfig: { found: { data: { config: 'instanceID: one' } } } },
    'error',
    'Argo Workflows',
    /instanceID/,
  ],
  [
    'the step templates are of another version',
    { stepTemplates: { found: ['refit-steps-0-0-9'] } },
    'error',
    'step templates',
    /refit-steps-0-1-0 is not there/,
  ],
])('finds that %s', (_name, changed, level, check, message) =>
  expectFinding(changed, { level, check, message }),
);
