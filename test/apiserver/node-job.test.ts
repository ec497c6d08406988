// A real API server takes what a launch creates, to the last field.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { NODE_NAMESPACE } from '../../src/api/install.ts';
import { at, text } from '../../src/kubernetes/fields.ts';
import { inputSecret, nodeJob } from '../../src/steps/launcher/node-job.ts';
import { IMAGE, sampleInput } from '../steps/launcher/samples.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { applyInstallation } from './installation.ts';
import { createSite, VERSION } from './site.ts';

const api = apiOf(kubeConfigOf(process.env['REFIT_TEST_KUBECONFIG'] ?? ''));
const strict = '?fieldValidation=Strict';
const workflow = `refit-cp-1-${Date.now()}`;

beforeAll(async () => {
  const { namespace } = await createSite(api);
  await applyInstallation(api, { name: namespace, contentSecrets: [] }, VERSION);
});

describe('the Job of a step on a node', () => {
  it('is taken whole, and its Secret goes with it', async () => {
    const launch = { workflow, number: 1, input: sampleInput(), image: IMAGE };
    const jobs = `/apis/batch/v1/namespaces/${NODE_NAMESPACE}/jobs`;
    const job = await expectOk(api.create(`${jobs}${strict}`, nodeJob(launch)));
    expect(at(job, 'spec', 'template', 'spec', 'containers')).toMatchObject([
      { securityContext: { privileged: true } },
    ]);
    const name = text(job, 'metadata', 'name') ?? '';
    const owner = { name, uid: text(job, 'metadata', 'uid') ?? '' };
    const secrets = `/api/v1/namespaces/${NODE_NAMESPACE}/secrets`;
    const secret = await expectOk(api.create(`${secrets}${strict}`, inputSecret(owner, launch.input)));
    expect(at(secret, 'metadata', 'ownerReferences')).toMatchObject([{ kind: 'Job', uid: owner.uid }]);
    const again = await api.create(jobs, nodeJob(launch));
    expect([again.status, text(again.body, 'reason')]).toEqual([409, 'AlreadyExists']);
  });
});
