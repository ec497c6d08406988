// The installation's webhooks, answered by a server of the test: no Service leads to it, so they name its address.
import type { JsonObject } from '../../src/api/json.ts';
import { list, text } from '../../src/kubernetes/fields.ts';
import { type Api, expectOk } from './api.ts';

/** Of the kind that begins so: `Mutating`, `Validating`. */
export function webhooksPath(kind: string): string {
  return `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations/capi-refit`;
}

/** Errors: manifests without the two configurations. */
export async function reachWebhooks(
  api: Api,
  manifests: readonly JsonObject[],
  { port, cert }: { port: number; cert: string },
): Promise<void> {
  for (const kind of ['Mutating', 'Validating']) {
    const configuration = manifests.find((each) => text(each, 'kind') === `${kind}WebhookConfiguration`);
    if (configuration === undefined) throw new Error(`manifests: expected a ${kind}WebhookConfiguration`);
    const webhooks = list(configuration, 'webhooks').map((webhook) => ({
      ...(webhook as JsonObject),
      clientConfig: {
        url: `https://127.0.0.1:${port}${text(webhook, 'clientConfig', 'service', 'path') ?? ''}`,
        caBundle: Buffer.from(cert).toString('base64'),
      },
    }));
    await expectOk(api.patch(webhooksPath(kind), { webhooks }));
  }
}
