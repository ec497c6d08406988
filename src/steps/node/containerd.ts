// The step `containerd`: containerd, its shims and runc, and one restart.
import { dirname } from 'node:path';
import semver from 'semver';
import type { Argv, Host } from '../host/host.ts';
import { findCrictl, output, runtimeProblems, serverVersion } from './container-runtime.ts';
import {
  differing,
  installAction,
  installRefusals,
  ownerNotes,
  realPath,
  wrongDigest,
  wrongFiles,
  type Target,
} from './install-files.ts';
import { inspectLayout } from './layout.ts';
import type { Action, NodeStep, StagedComponents } from './node-step.ts';
import { isSameVersion, runningVersion } from './program-version.ts';
import { exeFile, readService, type Service } from './service.ts';
import { componentFile, filesOf } from './staged.ts';
import { saidWithoutQuotes } from './containerd-layout.ts';
import { inspectUnit } from './unit.ts';

/** It waits until containerd says that it is ready: 90 s at most, after as long a stop. */
const RESTART: Argv = ['systemctl', 'restart', 'containerd'];
const RESTART_SECONDS = 200;

/** Running containers belong to their shims, which go on with the program that they were started from. */
export const containerd: NodeStep = {
  name: 'containerd',
  prepare: async (host, { components }) => {
    if (components?.containerd === undefined) {
      return { refusals: [], actions: [], notes: ['the release brings no containerd'] };
    }
    const site = await inspect(host, components, components.containerd);
    if (site === undefined)
      return { refusals: ['containerd: got another runtime, or none'], actions: [], notes: [] };
    const changed = await differing(host, site.targets);
    const running = await runningProblems(host, site);
    const from = await runningVersion(host, 'containerd', site.service, site.program);
    const installs = changed.map((target) => installAction(target, { to: site.version }));
    const restart: Action = {
      do: 'run',
      argv: RESTART,
      timeoutSeconds: RESTART_SECONDS,
      change: { what: 'containerd', ...(from === undefined ? {} : { from }), to: site.version },
    };
    return {
      refusals: [
        ...versionRefusals(from, site.version),
        ...(await installRefusals(host, changed)),
        ...(changed.length > 0 ? await configurationRefusals(host, site) : []),
      ],
      actions: installs.length > 0 || running.length > 0 ? [...installs, restart] : [],
      notes: [
        ...(installs.length > 0 ? [] : running),
        ...killModeNotes(site.service),
        ...(await ownerNotes(host, changed)),
      ],
    };
  },
  problems: async (host, { components }) => {
    if (components?.containerd === undefined) return [];
    const site = await inspect(host, components, components.containerd);
    if (site === undefined) return ['containerd: got another runtime, or none'];
    return [
      ...(await wrongFiles(host, site.targets)),
      ...(await runningProblems(host, site)),
      ...(await serverProblems(host, site)),
      ...(await readyProblems(host)),
    ];
  },
  restoration: () => Promise.resolve([RESTART]),
};

interface Site {
  version: string;
  /** containerd, as installed. */
  program: string;
  service: Service;
  targets: readonly Target[];
}

async function inspect(host: Host, components: StagedComponents, version: string): Promise<Site | undefined> {
  const { containerd: program } = await inspectLayout(host);
  if (program === undefined) return undefined;
  const service = await readService(host, 'containerd');
  const runc = await findRunc(host, service.path);
  const targets: Target[] = [];
  for (const file of filesOf(components, 'containerd')) {
    const to = file.name === 'runc' ? runc : `${dirname(program)}/${file.name}`;
    targets.push({ file, from: componentFile(components.folder, file), to: await realPath(host, to) });
  }
  return { version, program, service, targets };
}

/** Where containerd's shims find it. */
async function findRunc(host: Host, path: readonly string[]): Promise<string> {
  for (const folder of path) {
    if ((await host.files.resolve(`${folder}/runc`)) !== undefined) return `${folder}/runc`;
  }
  return '/usr/local/sbin/runc';
}

/** Does the service run the release's containerd? Its version alone would not tell two builds of it apart. */
async function runningProblems(host: Host, { service, targets }: Site): Promise<readonly string[]> {
  if (service.activeState !== 'active' || service.mainPid === undefined) {
    return [`containerd.service: got ${service.activeState}, expected active`];
  }
  const expected = targets.find(({ file }) => file.name === 'containerd')?.file.sha256;
  if (expected === undefined) return [];
  const got = await host.files.sha256(exeFile(service.mainPid));
  return got === expected ? [] : [`containerd.service runs ${wrongDigest('containerd', got, expected)}`];
}

/** What answers at the socket. */
async function serverProblems(host: Host, { program, version }: Site): Promise<readonly string[]> {
  const ctr = await host.files.resolve(`${dirname(program)}/ctr`);
  if (ctr === undefined) return [];
  const { stdout } = await host.run([ctr, 'version'], { timeoutSeconds: 20 });
  const got = serverVersion(stdout);
  return isSameVersion(got, version)
    ? []
    : [`containerd's server: got ${got ?? 'no answer'}, expected ${version}`];
}

/** Not the network: that of the pods may need a pod that containerd is to start. */
async function readyProblems(host: Host): Promise<readonly string[]> {
  const crictl = await findCrictl(host);
  if (crictl === undefined) return [];
  const info = await output(host, [crictl, 'info']);
  return runtimeProblems(info).filter((problem) => !problem.includes('NetworkReady'));
}

function versionRefusals(from: string | undefined, to: string): readonly string[] {
  const [before, after] = [semver.coerce(from), semver.coerce(to)];
  if (!before || !after) return [];
  if (after.major < before.major) {
    return [`containerd: got ${from} here and ${to} in the release, expected no lower major version`];
  }
  if (before.major === 1 && semver.gte(after, '2.2.0')) {
    return [
      `containerd: got ${from} here and ${to} in the release, expected 2.0 or 2.1 first: containerd does not support ` +
        'an upgrade from 1.x to 2.2 or later at once',
    ];
  }
  return [];
}

/** The new containerd reads the configuration as the service gives it; what its plugins then make of it shows at the start. */
async function configurationRefusals(host: Host, { targets, version }: Site): Promise<readonly string[]> {
  const staged = targets.find(({ file }) => file.name === 'containerd');
  if (!staged) return [];
  // Variables are systemd's to replace.
  const flags = (await inspectUnit(host, 'containerd')).arguments.filter((word) => !word.startsWith('$'));
  const { code, stderr } = await host.run([staged.from, ...flags, 'config', 'dump']);
  if (code === 0) return [];
  return [
    `containerd's configuration: got exit code ${code} of containerd ${version}: ${saidWithoutQuotes(stderr)}, expected 0`,
  ];
}

function killModeNotes({ killMode }: Service): readonly string[] {
  if (killMode === '' || killMode === 'process') return [];
  return [`containerd.service: KillMode is ${killMode}: all containers of the node end with its restart`];
}
