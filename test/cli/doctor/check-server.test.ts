import { it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { expectFinding, type FindingRow } from './expect-finding.ts';
import { ARGO, CORE, KCP, REFIT, policy, program } from './samples.ts';

const deployments = (...found: JsonObject[]) => ({ deployments: { found } });

it.each<FindingRow>([
  [
    'CRDs are missing',
    { served: new Set() },
    'error',
    'custom resources',
    /^machines of cluster.x-k8s.io\/v1beta2 are not served/,
  ],
  ['there is no certificate', { certificate: { found: undefined } }, 'error', 'certificate', /is not there/],
  [
    'the certificate is not ready',
    {
      certificate: {
        found: {
          status: { conditions: [{ type: 'Ready', status: 'False', message: 'issuer not found' }] },
        },
      },
    },
    'error',
    'certificate',
    /not ready: issuer not found/,
  ],
  [
    'the certificate ends soon',
    { now: new Date('2026-02-27T00:00:00Z') },
    'error',
    'certificate',
    /ends 2026-03-01/,
  ],
  ['the server is not installed', deployments(CORE, KCP, ARGO), 'error', 'Refit server', /is not there/],
  [
    'its image is the placeholder',
    deployments(
      CORE,
      KCP,
      ARGO,
      program('capi-refit-system', 'capi-refit-server', `ghcr.io/x/refit@sha256:${'0'.repeat(64)}`),
    ),
    'error',
    'Refit server',
    /placeholder/,
  ],
  [
    'no server is available',
    deployments(CORE, KCP, ARGO, { ...REFIT, status: {} }),
    'error',
    'Refit server',
    /no replica is available/,
  ],
  [
    'the server is of another version',
    { version: '0.2.0', stepTemplates: { found: ['refit-steps-0-2-0'] } },
    'warning',
    'Refit server',
    /version 0.1.0, this program is 0.2.0/,
  ],
  [
    'the policy is bad',
    { policy: { found: policy('drain: sometimes\nonUncoverd: block\n') } },
    'error',
    'policy',
    /drain.*onUncoverd/,
  ],
  [
    'Machines may be replaced',
    { policy: { found: policy('onUncovered: replace') } },
    'warning',
    'policy',
    /delete Machines/,
  ],
  ['the webhook is missing', { webhook: { found: undefined } }, 'error', 'webhook', /is not there/],
])('finds that %s', (_name, changed, level, check, message) =>
  expectFinding(changed, { level, check, message }),
);
