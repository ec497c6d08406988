// A lab, from its processes to its end. All of them are children of this process, and end with it.
import { apiOf, kubeConfigOf } from '../apiserver/api.ts';
import { applyTo } from '../apiserver/apply.ts';
import { eventually } from '../helpers/eventually.ts';
import { bringUp, type Parts } from './bring-up.ts';
import type { LabClient } from './connect.ts';
import { createFolder, folderLayout } from './folder.ts';
import { NAMESPACE } from './namespaces.ts';
import { localAdmission } from './objects/admission.ts';
import { discovered } from './objects/extension-config.ts';
import * as hooks from './objects/hook-certificates.ts';
import { refitManifests } from './objects/refit.ts';
import { refitPod } from './objects/refit-pod.ts';
import { createCrew } from './processes/crew.ts';
import type { ArgoSettings } from './processes/names.ts';
import { processSpecs } from './processes/specs.ts';
import { noteProcesses, removeAll, removeWhenWeEnd } from './remains.ts';
import { createSite } from './site.ts';

export interface LabOptions {
  /** Nothing but the logs stays in it. */
  folder: string;
  /** Elsewhere than in the folder. */
  logs?: string;
  argo?: ArgoSettings;
  /** Folder for the requests that Cluster API sends, scrubbed of secrets. */
  record?: string;
  /** Told how long each start takes, and what ended by itself. */
  log: (line: string) => void;
  /** Aborted: the start is given up. */
  signal?: AbortSignal;
}

export type Lab = LabClient;

/** Resolves when Cluster API has discovered Refit's hooks. Errors: what failed, and why; then nothing runs. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { folder, logs, argo = 'fast', record, log, signal } = options;
  const layout = folderLayout(folder, logs);
  createFolder(layout);
  const safetyNet = removeWhenWeEnd(layout);
  const ends: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends) await end();
    safetyNet.cancel();
    removeAll(layout);
  };
  try {
    const site = await createSite(layout);
    ends.push(() => site.infrastructurePort.release());
    const manifests = refitManifests();
    const pod = refitPod(manifests.objects);
    const crew = createCrew({
      specs: processSpecs({ site, pod, argo, record }),
      logs: layout.logs,
      log,
      changed: (pids) => noteProcesses(layout, [process.pid, safetyNet.pid, ...pids]),
    });
    ends.push(crew.stop);
    const parts = { site, manifests, pod, crew, log, isRecorded: record !== undefined };
    await Promise.race([bringUp(parts), aborted(signal)]);
    return { ...clientOf(parts), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Refit looks at its certificates every 30 s. */
const ROTATION_SECONDS = 60;

function clientOf({ site, manifests, pod, crew }: Parts): Omit<Lab, 'stop'> {
  const { root, kubeconfig } = site.layout;
  return {
    folder: root,
    kubeconfigPath: kubeconfig,
    namespace: NAMESPACE,
    kill: crew.kill,
    start: crew.start,
    usage: async (name) => crew.usage(name),
    async rotateCertificates() {
      const api = apiOf(kubeConfigOf(kubeconfig));
      const apply = applyTo(api);
      const certificates = await hooks.createHookCertificates();
      await apply(hooks.hookSecrets(certificates));
      hooks.writeHookFiles(certificates, site, pod);
      const isServed = () => hooks.isServedWith(certificates, site.ports.refit);
      await eventually('Refit serves the new certificate', isServed, ROTATION_SECONDS);
      await apply(localAdmission(manifests, site, certificates));
      await discovered(api, manifests.extensionConfig, certificates.server.ca);
    },
  };
}

/** Never resolves. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const giveUp = () => reject(new Error('given up while starting'));
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp, { once: true });
  });
}
