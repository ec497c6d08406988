// The step `kubelet`: kubelet and kubectl, the flags that the new one takes, and one restart.
import semver from 'semver';
import type { Argv, Host } from '../host/host.ts';
import {
  differing,
  installAction,
  installRefusals,
  ownerNotes,
  wrongFiles,
  type Target,
} from './install-files.ts';
import { healthProblems, staleProblems } from './kubelet-health.ts';
import {
  flagRefusals,
  inspectFlags,
  kubeletInputs,
  localServerWrite,
  type KubeletFlags,
} from './kubelet-inputs.ts';
import { inspectLayout, type HostLayout } from './layout.ts';
import type { Action, NodeStep, StepContext } from './node-step.ts';
import { programVersion, runningVersion } from './program-version.ts';
import { readService, type Service } from './service.ts';
import { componentFile, filesOf } from './staged.ts';
import { readStaticPod } from './static-pods.ts';

const RELOAD: Argv = ['systemctl', 'daemon-reload'];
/** 90 s at most to stop the old one. */
const RESTART_SECONDS = 120;
const RESTART: Argv = ['systemctl', 'restart', 'kubelet'];

/**
 * Everything is put into its place while the old kubelet runs (a rename over a running program is allowed), then it is
 * restarted once: so it is away for a second or two, and not for the time of copying. If it should die in between, systemd
 * starts the new one, with files that are ready for it: they come first.
 */
export const kubelet: NodeStep = {
  name: 'kubelet',
  prepare: async (host, context) => {
    const { plan } = context;
    const site = await inspect(host, context);
    const changed = await differing(host, site.targets);
    const from = await runningVersion(host, 'kubelet', site.service, site.layout.kubelet);
    const installs = changed.map((target) => {
      const before = target.to === site.layout.kubelet ? from : undefined;
      return installAction(target, { from: before, to: plan.kubernetes });
    });
    const server = isNewerMinor(from, plan.kubernetes)
      ? await localServerWrite(host, site.flags.kubeconfigFile)
      : undefined;
    const stale = await staleProblems(host, site.service, await expected(host, site));
    const replacesKubelet = installs.some(({ to }) => to === site.layout.kubelet);
    const needsRestart = replacesKubelet || site.flags.writes.length > 0 || stale.length > 0;
    const restart: Action = {
      do: 'run',
      argv: RESTART,
      timeoutSeconds: RESTART_SECONDS,
      change: { what: 'kubelet', ...(from === undefined ? {} : { from }), to: plan.kubernetes },
    };
    return {
      refusals: [
        ...(await versionRefusals(host, site, context)),
        ...(await apiServerRefusals(host, site, context)),
        ...(await flagRefusals(host, site.flags, context, kubeletOf(site)?.from ?? site.layout.kubelet)),
        ...(await installRefusals(host, changed)),
      ],
      actions: [
        ...(server ? [server] : []),
        ...site.flags.writes,
        ...installs,
        ...(needsRestart ? [{ do: 'run', argv: RELOAD } as const, restart] : []),
      ],
      notes: [...(replacesKubelet ? [] : stale), ...(await ownerNotes(host, changed))],
    };
  },
  problems: async (host, context) => {
    const site = await inspect(host, context);
    // Looked at every second: the programs are read only when the rest is well.
    const health = await healthProblems(host, site.service, site.flags.configurationFile);
    if (health.length > 0) return health;
    const version = await programVersion(host, 'kubelet', site.layout.kubelet);
    const wanted = context.plan.kubernetes;
    return [
      ...(await wrongFiles(host, site.targets)),
      ...(version === wanted
        ? []
        : [`${site.layout.kubelet}: got ${version ?? 'no version'}, expected ${wanted}`]),
      ...(await staleProblems(host, site.service, await expected(host, site))),
    ];
  },
  restoration: () => Promise.resolve([RELOAD, RESTART]),
};

interface Site {
  layout: HostLayout;
  service: Service;
  targets: readonly Target[];
  flags: KubeletFlags;
}

async function inspect(host: Host, context: StepContext): Promise<Site> {
  const layout = await inspectLayout(host);
  return {
    layout,
    service: await readService(host, 'kubelet'),
    targets: findTargets(layout, context),
    flags: await inspectFlags(host, layout, context.plan.kubernetes),
  };
}

/** kubectl only where the node has one. */
function findTargets(layout: HostLayout, { components }: StepContext): readonly Target[] {
  if (components === undefined) return [];
  const places: Readonly<Record<string, string | undefined>> = {
    kubelet: layout.kubelet,
    kubectl: layout.kubectl,
  };
  return filesOf(components, 'kubernetes').flatMap((file) => {
    const to = places[file.name];
    return to === undefined ? [] : [{ file, from: componentFile(components.folder, file), to }];
  });
}

/** The release's kubelet; undefined: it brings none. */
function kubeletOf({ layout, targets }: Pick<Site, 'layout' | 'targets'>): Target | undefined {
  return targets.find(({ to }) => to === layout.kubelet);
}

/** What a running kubelet must have been started with. */
async function expected(
  host: Host,
  { layout, targets, flags }: Site,
): Promise<{ inputs: readonly string[]; sha256: string | undefined }> {
  return {
    inputs: await kubeletInputs(host, layout, flags),
    sha256: kubeletOf({ layout, targets })?.file.sha256 ?? (await host.files.sha256(layout.kubelet)),
  };
}

async function versionRefusals(host: Host, site: Site, { plan }: StepContext): Promise<readonly string[]> {
  if (kubeletOf(site)) return [];
  const installed = await programVersion(host, 'kubelet', site.layout.kubelet);
  if (installed === plan.kubernetes) return [];
  return [
    `kubelet: got ${installed ?? 'no version'} here and none in the release, expected ${plan.kubernetes}`,
  ];
}

/** Its step of this plan makes it new enough before this one runs; with none it must be so already. */
async function apiServerRefusals(
  host: Host,
  { layout }: Site,
  { plan }: StepContext,
): Promise<readonly string[]> {
  if (layout.role !== 'control-plane' || plan.steps.some(({ name }) => name === 'kubeadm')) return [];
  const tag = (await readStaticPod(host, 'kube-apiserver'))?.tag;
  if (!isNewerMinor(tag, plan.kubernetes)) return [];
  return [
    `API server of this node: got ${tag ?? 'no tag'} in its manifest, expected none older than kubelet ${plan.kubernetes}`,
  ];
}

/** What is no version counts as older. */
export function isNewerMinor(from: string | undefined, to: string): boolean {
  const [before, after] = [semver.parse(from), semver.parse(to)];
  return !before || !after || after.major > before.major || after.minor > before.minor;
}
