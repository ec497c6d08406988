import { it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { clusterSample } from '../../helpers/operator-objects.ts';
import { expectFinding, type FindingRow } from './expect-finding.ts';
import { ARGO, CORE, KCP, REFIT, extensionConfig, program } from './samples.ts';

const gates = (...given: string[]) =>
  program('capi-system', 'core', 'x/cluster-api-controller:v1.14.0', given);
const deployments = (...found: JsonObject[]) => ({ deployments: { found } });
const OLD_CORE = program('capi-system', 'core', 'x/cluster-api-controller:v1.11.3');

it.each<FindingRow>([
  ['Cluster API is old', deployments(OLD_CORE, KCP, ARGO, REFIT), 'error', 'Cluster API', /v1.11.3, too old/],
  [
    'Cluster API is newer',
    deployments(
      CORE,
      program('n', 'kcp', 'x/kubeadm-control-plane-controller:v1.15.0', [
        '--feature-gates=InPlaceUpdates=true',
      ]),
      ARGO,
      REFIT,
    ),
    'warning',
    'Cluster API',
    /newer than what was tried/,
  ],
  [
    'gates are off',
    deployments(gates('--feature-gates=RuntimeSDK=true,InPlaceUpdates=false'), KCP, ARGO, REFIT),
    'error',
    'Cluster API',
    /Deployment capi-system\/core: InPlaceUpdates not on/,
  ],
  [
    'no gates are given',
    deployments(gates(), KCP, ARGO, REFIT),
    'error',
    'Cluster API',
    /RuntimeSDK, InPlaceUpdates not on/,
  ],
  [
    'gates are off and no Cluster needs them',
    {
      ...deployments(gates(), KCP, ARGO, REFIT),
      clusters: { found: [clusterSample('edge', { labels: { 'capi-refit.io/strategy': 'external' } })] },
    },
    'warning',
    'Cluster API',
    /not on/,
  ],
  [
    'the managers run elsewhere',
    deployments(ARGO, REFIT),
    'unknown',
    'Cluster API',
    /no Deployment here runs it/,
  ],
  [
    'there is no ExtensionConfig',
    { extensionConfigs: { found: [] } },
    'error',
    'ExtensionConfig',
    /there is none/,
  ],
  [
    'it was not discovered',
    {
      extensionConfigs: {
        found: [
          extensionConfig({
            status: {
              conditions: [{ type: 'Discovered', status: 'False', message: 'connection refused' }],
            },
          }),
        ],
      },
    },
    'error',
    'ExtensionConfig',
    /not discovered: connection refused/,
  ],
  [
    'its CA is missing',
    {
      extensionConfigs: {
        found: [extensionConfig({ spec: { clientConfig: { service: { name: 'capi-refit-server' } } } })],
      },
    },
    'error',
    'ExtensionConfig',
    /no caBundle/,
  ],
  [
    'another extension answers too',
    {
      extensionConfigs: {
        found: [extensionConfig(), extensionConfig({ metadata: { name: 'other' }, spec: {} })],
      },
    },
    'error',
    'ExtensionConfig',
    /^other answers in-place hooks too/,
  ],
  [
    'errors are ignored',
    {
      extensionConfigs: {
        found: [
          extensionConfig({
            status: {
              conditions: [{ type: 'Discovered', status: 'True' }],
              handlers: [{ name: 'u', requestHook: { hook: 'UpdateMachine' }, failurePolicy: 'Ignore' }],
            },
          }),
        ],
      },
    },
    'error',
    'ExtensionConfig',
    /Ignore of u takes errors for done/,
  ],
])('finds that %s', (_name, changed, level, check, message) =>
  expectFinding(changed, { level, check, message }),
);
