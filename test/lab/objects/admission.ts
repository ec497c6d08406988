// Our admission webhooks, as Refit answers them on this machine.
import type { JsonObject } from '../../../src/api/json.ts';
import type { LabSite } from '../site.ts';
import type { HookCertificates } from './hook-certificates.ts';
import type { RefitManifests } from './refit.ts';
import { withLocalWebhooks } from './webhooks.ts';

/** The authority is put into them here, elsewhere by cert-manager. */
export function localAdmission(
  { admission }: RefitManifests,
  { ports }: LabSite,
  { server }: HookCertificates,
): JsonObject[] {
  const endpoint = { url: `https://127.0.0.1:${ports.external}`, ca: server.ca };
  return admission.map((configuration) => withLocalWebhooks(configuration, endpoint));
}
