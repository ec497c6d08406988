// The server's part that looks after owners, with a store of its own, on the stand-in servers of external-site.ts.
import { knownExternal, type ExternalRecord } from '../../src/api/external-record.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { createUpgrades } from '../../src/hook/external/upgrades.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import { clusterPolicies } from '../../src/hook/policies.ts';
import type { Store } from '../../src/hook/store.ts';
import { systemClock } from '../../src/cli/clock.ts';
import { createApiClient, type ApiClient } from '../../src/kubernetes/api-client.ts';
import { externalReads } from '../../src/kubernetes/external-reads.ts';
import { text, texts } from '../../src/kubernetes/fields.ts';
import { eventually } from './eventually.ts';
import { FROM, TO } from './external.ts';
import { ExternalSite, held, WORKFLOW } from './external-site.ts';
import { imageMap, policyOf, type Edit } from './requests.ts';

export const WORKFLOWS = '/apis/argoproj.io/v1alpha1/workflows';
export const PAUSED = '/metadata/annotations/cluster.x-k8s.io~1paused';
export const RECORD = '/metadata/annotations/capi-refit.io~1external';
export const FALLBACK: Edit = ['/metadata/annotations/capi-refit.io~1fallback', 'rolling'];
export const ofControlPlane = { kind: 'KubeadmControlPlane', namespace: 'site', name: 'edge-cp' } as const;
export const ofWorkers = { kind: 'MachineDeployment', namespace: 'site', name: 'edge-md' } as const;

/** As the webhook leaves it. */
export function requested(owner: JsonObject, record: Partial<ExternalRecord> = {}): JsonObject {
  return held(owner, { state: 'requested', workflow: undefined, ...record });
}

export class OwnerSite extends ExternalSite {
  /** Events. */
  readonly told: string[] = [];
  readonly #clients: { client: ApiClient; store: Store }[] = [];

  override async start(): Promise<void> {
    await super.start();
    const made = { collection: WORKFLOWS, namespace: 'site', name: WORKFLOW };
    if (this.management.data.get(made)) this.management.data.delete(made);
  }

  override async stop(): Promise<void> {
    await Promise.all(this.#clients.flatMap(({ client, store }) => [store.close(), client.close()]));
    await super.stop();
  }

  /** Of one replica. */
  async upgrades() {
    const kubeConfig = this.management.kubeConfig();
    const clock = systemClock();
    const client = createApiClient(kubeConfig, clock);
    const store = kubernetesStore({ kubeConfig, clock, log: silent });
    this.#clients.push({ client, store });
    await store.start();
    await eventually('store ready', () => store.ready());
    const options = {
      ...{ client, store, reads: externalReads(client), clock, log: silent, version: '0.1.0' },
      policy: clusterPolicies(() => policyOf({ imageMap: imageMap(FROM, TO) })),
      announce: (_about: unknown, _type: string, reason: string, message: string) =>
        void this.told.push(`${reason} ${message}`),
    };
    return { options, store, ...createUpgrades(options) };
  }

  recordOf({ kind, name }: { kind: string; name: string }): ExternalRecord | undefined {
    return knownExternal(texts(this.get(kind, name), 'metadata', 'annotations'));
  }

  pauseOf({ kind, name }: { kind: string; name: string }): string | undefined {
    return this.annotation(kind, name, 'cluster.x-k8s.io/paused');
  }

  workflows(): JsonObject[] {
    return this.management.data.list(WORKFLOWS, 'site');
  }

  /** The Workflow that was made, if it has ended. */
  endWorkflow(): void {
    const name = text(this.workflows()[0], 'metadata', 'name') ?? '';
    const status = { phase: 'Failed', finishedAt: '2026-01-01T00:00:00Z' };
    this.management.data.patch({ collection: WORKFLOWS, namespace: 'site', name }, { status });
  }
}
