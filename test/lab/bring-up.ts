// The order in which a lab starts: side by side what does not need each other.
import { writeFileSync } from 'node:fs';
import type { KubeConfig } from '@kubernetes/client-node';
import { SERVER, SERVER_NAMESPACE } from '../../src/charts/names.ts';
import { text } from '../../src/kubernetes/fields.ts';
import { type Api, apiOf, expectOk, kubeConfigOf } from '../apiserver/api.ts';
import { type Apply, applyTo } from '../apiserver/apply.ts';
import { writeKubeconfig } from '../apiserver/components.ts';
import { applyCrds, ARGO_CRDS, installCrds } from '../apiserver/crds.ts';
import { serviceAccountConfig } from '../helpers/service-account.ts';
import { type Timed, timedBy } from '../helpers/timed.ts';
import { localAdmission } from './objects/admission.ts';
import { ARGO_NAMESPACE, ARGO_SERVICE_ACCOUNT, argoInstallation } from './objects/argo.ts';
import { type ProviderManifests, providerManifests } from './objects/capi.ts';
import { discovered, withLocalUrl } from './objects/extension-config.ts';
import * as hooks from './objects/hook-certificates.ts';
import { PROVIDERS } from './objects/providers.ts';
import type { RefitManifests } from './objects/refit.ts';
import type { RefitPod } from './objects/refit-pod.ts';
import type { Crew } from './processes/crew.ts';
import { accountKubeconfig } from './processes/specs.ts';
import type { LabSite } from './site.ts';

export interface Parts {
  site: LabSite;
  manifests: RefitManifests;
  pod: RefitPod;
  crew: Crew;
  /** Somebody stands between Cluster API and Refit. */
  isRecorded: boolean;
  /** Told how long each part takes. */
  log: (line: string) => void;
}

export async function bringUp(parts: Parts): Promise<void> {
  const { site, pod, crew } = parts;
  const timed = timedBy(parts.log);
  const start: Crew['start'] = (name) => timed(name, crew.start(name));
  // Needs no API server, and takes seconds the first time.
  const rendered = Promise.all(PROVIDERS.map((provider) => providerManifests(provider, site)));
  rendered.catch(() => undefined);
  // The managers read theirs when they start.
  const certificates = await hooks.createHookCertificates();
  hooks.writeHookFiles(certificates, site, pod);

  await start('etcd');
  await start('kube-apiserver');
  writeKubeconfig(site.settings, site.layout.kubeconfig);
  const admin = kubeConfigOf(site.layout.kubeconfig);
  const api = apiOf(admin);
  const up: Up = { ...parts, admin, api, apply: applyTo(api), timed, start, certificates };
  const providers = await rendered;
  await timed('custom resources', installAllCrds(up, providers));
  await Promise.all([
    startRefit(up),
    ...providers.map((provider) => startProvider(up, provider)),
    startArgo(up),
    start('kube-controller-manager'),
  ]);
  await Promise.all([start('player'), timed('hooks discovered', register(up))]);
}

/** What there is once the API server answers. */
interface Up extends Parts {
  admin: KubeConfig;
  api: Api;
  apply: Apply;
  timed: Timed;
  start: Crew['start'];
  certificates: hooks.HookCertificates;
}

async function installAllCrds({ api, site }: Up, providers: readonly ProviderManifests[]): Promise<void> {
  const crds = providers.flatMap((provider) => provider.crds);
  const named = crds.map((content) => ({
    group: text(content, 'spec', 'group') ?? '',
    plural: text(content, 'spec', 'names', 'plural') ?? '',
    content,
  }));
  await Promise.all([installCrds(site.layout.kubeconfig, ARGO_CRDS), applyCrds(api, named)]);
}

async function startProvider({ start, apply }: Up, { name, webhooks }: ProviderManifests): Promise<void> {
  await start(name);
  await apply(webhooks);
}

async function startArgo(up: Up): Promise<void> {
  await up.apply(await argoInstallation());
  await writeAccount(up, 'argo', { namespace: ARGO_NAMESPACE, name: ARGO_SERVICE_ACCOUNT });
  await up.start('argo');
}

/** Its webhooks last: some refuse what they cannot ask about. */
async function startRefit(up: Up): Promise<void> {
  const { site, manifests, certificates, apply, timed, start } = up;
  await timed('installation', apply([...manifests.namespaces, ...manifests.objects]));
  await apply(hooks.hookSecrets(certificates));
  await writeAccount(up, 'refit', { namespace: SERVER_NAMESPACE, name: SERVER });
  await start('refit');
  await apply(localAdmission(manifests, site, certificates));
}

const TOKEN_SECONDS = 7 * 24 * 3600;

async function writeAccount(
  { admin, api, site }: Up,
  process: 'argo' | 'refit',
  account: { namespace: string; name: string },
): Promise<void> {
  const create = (path: string, body: object) => expectOk(api.create(path, body));
  const token = { ...account, expirationSeconds: TOKEN_SECONDS };
  const kubeConfig = await serviceAccountConfig(admin, create, token);
  writeFileSync(accountKubeconfig(site, process), kubeConfig.exportConfig(), { mode: 0o600 });
}

async function register({ site, isRecorded, start, apply, api, manifests, certificates }: Up): Promise<void> {
  if (isRecorded) await start('recorder');
  const port = isRecorded ? site.ports.recorder : site.ports.refit;
  await apply([withLocalUrl(manifests.extensionConfig, `https://127.0.0.1:${port}`)]);
  await discovered(api, manifests.extensionConfig, certificates.server.ca);
}
