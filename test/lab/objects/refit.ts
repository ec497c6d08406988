// Our installation, as `synth` writes it, for the lab's namespaces.
import type { JsonObject } from '../../../src/api/json.ts';
import type { Values } from '../../../src/charts/values.ts';
import { version } from '../../../src/cli/version.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { installation } from '../../apiserver/installation.ts';
import { CONTENT_SECRETS, NAMESPACE, STORY_NAMESPACES } from '../namespaces.ts';

/** mTLS: whoever signed the certificates of the managers that call Refit. */
export const CLIENT_CA_SECRET = 'capi-client-ca';

const POLICY: Values['policy'] = { workers: { concurrency: 2 } };
/** Nobody pulls it: what works on machines is played. */
const UPGRADER_IMAGE = `registry.example.com/refit/upgrader@sha256:${'0'.repeat(64)}`;
const RELEASES = ['v1.33.7', 'v1.34.3', 'v1.35.1', 'v1.36.0'];

export interface RefitManifests {
  namespaces: JsonObject[];
  /** All that works without Cluster API's webhooks. */
  objects: JsonObject[];
  extensionConfig: JsonObject;
  /** The webhooks that Refit answers. */
  admission: JsonObject[];
}

/** Errors: BadInput. */
export function refitManifests(): RefitManifests {
  const names = [NAMESPACE, ...STORY_NAMESPACES];
  const manifests = installation(
    {
      clusterNamespaces: names.map((name) => ({ name, contentSecrets: CONTENT_SECRETS })),
      policy: POLICY,
      imageMap: Object.fromEntries(
        RELEASES.map((kubernetes) => [kubernetes, { kubernetes, image: UPGRADER_IMAGE }]),
      ),
      clientCaSecret: CLIENT_CA_SECRET,
      infrastructureMachines: ['devmachines'],
    },
    version(),
  );
  const [extensionConfig] = manifests.filter(isExtensionConfig);
  if (!extensionConfig) throw new Error('our manifests: got no ExtensionConfig, expected one');
  return {
    namespaces: names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    objects: manifests.filter((manifest) => !isExtensionConfig(manifest) && !isAdmission(manifest)),
    extensionConfig,
    admission: manifests.filter(isAdmission),
  };
}

function isAdmission(manifest: JsonObject): boolean {
  return text(manifest, 'kind')?.endsWith('WebhookConfiguration') === true;
}

function isExtensionConfig(manifest: JsonObject): boolean {
  return text(manifest, 'kind') === 'ExtensionConfig';
}
