// Which Kubernetes runs on this node now, and whether the wanted one may follow it.
import semver from 'semver';
import { versionRefusal } from '../../api/version.ts';
import type { Host } from '../host/host.ts';
import { note, refusal, type Finding } from './findings.ts';
import { programVersion } from './program-version.ts';
import { exeFile, readService } from './service.ts';
import { readStaticPod } from './static-pods.ts';

/** Like v1.34.3. */
export interface InstalledVersions {
  /** What lies at its path; undefined: it does not say. */
  kubelet: string | undefined;
  /** What runs, perhaps a file that was replaced since; undefined: none runs. */
  runningKubelet: string | undefined;
  /** Of this node's manifest; undefined: no control plane, or a tag that is no version. */
  apiServer: string | undefined;
}

/** Errors: StatusError Failed. */
export async function inspectVersions(host: Host, kubelet: string): Promise<InstalledVersions> {
  const { mainPid } = await readService(host, 'kubelet');
  const tag = (await readStaticPod(host, 'kube-apiserver'))?.tag;
  return {
    kubelet: await programVersion(host, 'kubelet', kubelet),
    runningKubelet:
      mainPid === undefined ? undefined : await programVersion(host, 'kubelet', exeFile(mainPid)),
    apiServer: tag?.startsWith('v') && semver.valid(tag) !== null ? tag : undefined,
  };
}

/** The version that the node comes from. */
export const currentVersion = ({ kubelet, runningKubelet }: InstalledVersions): string | undefined =>
  runningKubelet ?? kubelet;

export function versionFindings(installed: InstalledVersions, kubernetes: string): readonly Finding[] {
  const { kubelet, runningKubelet, apiServer } = installed;
  const found = [
    ...hop('kubelet', kubelet, kubernetes),
    ...(runningKubelet === kubelet ? [] : hop('running kubelet', runningKubelet, kubernetes)),
    ...hop('kube-apiserver', apiServer, kubernetes),
  ];
  if (kubelet === undefined) {
    found.push(refusal('kubelet: got no version from it, expected one like v1.34.3: repair the program'));
  }
  if (runningKubelet === undefined) {
    found.push(note('kubelet: does not run'));
  } else if (runningKubelet !== kubelet) {
    found.push(
      note(`kubelet: ${runningKubelet} runs, its file is ${kubelet ?? 'unknown'}: it was not restarted`),
    );
  }
  return found;
}

function hop(name: string, from: string | undefined, to: string): Finding[] {
  const reason = from === undefined ? undefined : versionRefusal(from, to, name);
  if (reason === undefined) return [];
  return [refusal(`${name}: got ${from}, expected one from which ${to} may follow: ${reason}`)];
}
