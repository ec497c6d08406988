import { describe, expect, it } from '@jest/globals';
import { withLocalWebhooks } from './webhooks.ts';

const endpoint = { url: 'https://127.0.0.1:12345', ca: 'PEM' };
const caBundle = Buffer.from('PEM').toString('base64');
const service = (path: string) => ({ name: 'webhook-service', namespace: 'system', path });

describe('webhooks on this machine', () => {
  it('are those of a definition that converts', () => {
    const webhook = { conversionReviewVersions: ['v1'], clientConfig: { service: service('/convert') } };
    const crd = {
      kind: 'CustomResourceDefinition',
      spec: { group: 'example.com', conversion: { strategy: 'Webhook', webhook } },
    };
    const clientConfig = { url: 'https://127.0.0.1:12345/convert', caBundle };
    expect(withLocalWebhooks(crd, endpoint)).toEqual({
      ...crd,
      spec: { ...crd.spec, conversion: { strategy: 'Webhook', webhook: { ...webhook, clientConfig } } },
    });
  });

  it('are all of a configuration', () => {
    const webhooks = ['/mutate-a', '/mutate-b'].map((path) => ({
      ...{ name: path, failurePolicy: 'Fail', clientConfig: { service: service(path) } },
    }));
    expect(withLocalWebhooks({ kind: 'MutatingWebhookConfiguration', webhooks }, endpoint)).toEqual({
      kind: 'MutatingWebhookConfiguration',
      webhooks: webhooks.map((one) => ({
        ...one,
        clientConfig: { url: `https://127.0.0.1:12345${one.name}`, caBundle },
      })),
    });
  });

  it('are none of a definition that does not convert', () => {
    const crd = { kind: 'CustomResourceDefinition', spec: { group: 'example.com' } };
    expect(withLocalWebhooks(crd, endpoint)).toEqual(crd);
  });

  it.each([
    [{ url: 'https://elsewhere.example.com' }],
    [{ service: { name: 'webhook-service', namespace: 'system' } }],
    [null],
  ])('refuses %j', (clientConfig) => {
    const object = {
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'a' },
      webhooks: [{ clientConfig }],
    };
    expect(() => withLocalWebhooks(object, endpoint)).toThrow('ValidatingWebhookConfiguration a: got');
  });
});
