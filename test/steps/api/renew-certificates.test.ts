import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CERTIFICATES_EXPIRY_ANNOTATION, CONTROL_PLANE_LABEL } from '../../../src/api/labels.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import { texts } from '../../../src/kubernetes/fields.ts';
import { afterRenewCertificates } from '../../../src/steps/api/renew-certificates.ts';
import { machineObject, nodeObject, put } from './samples.ts';
import { apiSite, MACHINES, NODES, OPERATION, type ApiSite } from './site.ts';

const CONFIGS = '/apis/bootstrap.cluster.x-k8s.io/v1beta2/kubeadmconfigs';
const CONFIG = { collection: CONFIGS, namespace: 'lab', name: 'md-0-config' };

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
  put(on.workload, NODES, nodeObject({ version: 'v1.34.3' }));
  const annotations = { [CERTIFICATES_EXPIRY_ANNOTATION]: '2026-02-01', other: '1' };
  put(on.management, CONFIGS, { metadata: { namespace: 'lab', name: 'md-0-config', annotations } });
  const spec = { bootstrap: { configRef: { kind: 'KubeadmConfig', name: 'md-0-config' } } };
  put(
    on.management,
    MACHINES,
    machineObject({ labels: { [CONTROL_PLANE_LABEL]: '' }, annotations: {}, spec }),
  );
});
afterEach(() => on.end());

const dates = () => texts(on.management.data.get(CONFIG), 'metadata', 'annotations');

describe('the date of the certificates that Cluster API knows', () => {
  it('is forgotten when they are new', async () => {
    const outcome = await on.run(afterRenewCertificates, { report: report('changed') });
    expect(outcome.changes).toEqual([{ what: 'KubeadmConfig' }]);
    expect(dates()).toEqual({ other: '1' });
  });

  it('stays when nothing was renewed', async () => {
    await on.run(afterRenewCertificates, { report: report('unchanged') });
    expect(dates()).toHaveProperty([CERTIFICATES_EXPIRY_ANNOTATION]);
  });
});

function report(outcome: 'changed' | 'unchanged'): StepReport {
  return {
    outputs: {},
    result: {
      ...{ version: 1, step: 'renew-certificates', operation: OPERATION, outcome, message: 'm', changes: [] },
      ...{ startedAt: '2026-01-01T00:00:00Z', durationSeconds: 1 },
    },
  };
}
