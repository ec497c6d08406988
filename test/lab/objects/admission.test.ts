import { expect, it } from '@jest/globals';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { localAdmission } from './admission.ts';
import { refitManifests } from './refit.ts';

const signed = { cert: 'CERT', key: 'KEY', ca: 'PEM' };
const site = { ports: { external: 12_345 } } as Parameters<typeof localAdmission>[1];

it('is asked of Refit on this machine, and otherwise as it was published', () => {
  const manifests = refitManifests();
  const local = localAdmission(manifests, site, { server: signed, client: signed });
  const webhooks = local.flatMap((one) => list(one, 'webhooks'));
  expect(webhooks.map((one) => [text(one, 'name'), text(one, 'failurePolicy')])).toEqual([
    ['owner.capi-refit.io', 'Fail'],
    ['edit.capi-refit.io', 'Ignore'],
  ]);
  expect(webhooks.map((one) => text(one, 'clientConfig', 'url'))).toEqual([
    'https://127.0.0.1:12345/admission/owner',
    'https://127.0.0.1:12345/admission/edit',
  ]);
  expect(manifests.objects).not.toContainEqual(expect.objectContaining({ webhooks: expect.anything() }));
});
