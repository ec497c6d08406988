// The webhook that pauses an owner in the write that changes it; without it Cluster API replaces that owner's Machines. Pure.
import type { JsonObject } from '../api/json.ts';
import { list, text } from '../kubernetes/fields.ts';

export const WEBHOOK = 'capi-refit';
export const WEBHOOK_PATH = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${WEBHOOK}`;

/** undefined: nothing is wrong with it. */
export function webhookProblem(configuration: JsonObject | undefined): string | undefined {
  const what = `MutatingWebhookConfiguration ${WEBHOOK}`;
  const [webhook] = list(configuration, 'webhooks');
  if (webhook === undefined) return `${what} is not there`;
  if (text(webhook, 'clientConfig', 'caBundle') === undefined)
    return `${what}: no caBundle, cert-manager writes it`;
  const policy = text(webhook, 'failurePolicy');
  return policy === 'Fail' ? undefined : `${what}: failurePolicy: got ${policy ?? 'none'}, expected Fail`;
}
