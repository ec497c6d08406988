// Is this a host of the kind that Refit is made and tested for?
import { dirname } from 'node:path';
import type { Components } from '../../api/components.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import type { Host } from '../host/host.ts';
import { note, refusal, type Finding } from './findings.ts';
import { parseOsRelease, type HostLayout } from './layout.ts';
import { mountOf, readMounts } from './mounts.ts';
import { DPKG_QUERY } from './packages.ts';

export interface HostFacts {
  os: HostLayout['os'];
  hasSystemd: boolean;
  hasDpkg: boolean;
  isOstree: boolean;
  isSelinuxEnforcing: boolean;
  /** Mount points that hold /usr or programs of the node and cannot be written. */
  readOnly: readonly string[];
}

/** `programs`: those that steps may replace. Errors: StatusError Failed. */
export async function inspectHost(host: Host, programs: readonly string[]): Promise<HostFacts> {
  const { files } = host;
  const isThere = async (path: string): Promise<boolean> => (await files.status(path)) !== undefined;
  const mounts = await readMounts(host);
  const folders = ['/usr', ...programs.map((program) => dirname(program))];
  const places = await Promise.all(folders.map(async (folder) => (await files.resolve(folder)) ?? folder));
  const readOnly = places.flatMap((place) => {
    const mount = mountOf(mounts, place);
    return mount?.isReadOnly ? [mount.point] : [];
  });
  return {
    os: parseOsRelease((await files.read('/etc/os-release'))?.toString() ?? ''),
    // As sd_booted(3).
    hasSystemd: await isThere('/run/systemd/system'),
    hasDpkg: await isThere(DPKG_QUERY),
    isOstree: await isThere('/run/ostree-booted'),
    isSelinuxEnforcing: (await files.read('/sys/fs/selinux/enforce'))?.toString().trim() === '1',
    readOnly: [...new Set(readOnly)],
  };
}

const FAMILY = ['debian', 'ubuntu'];

/** The policy may let untested hosts pass; what cannot be written cannot be. */
export function hostFindings(
  facts: HostFacts,
  untestedHosts: HostPlan['policy']['untestedHosts'],
): readonly Finding[] {
  const { os } = facts;
  const name = [os.id || 'no ID', os.version].join(' ').trim();
  const isFamily = [os.id, ...os.like].some((id) => FAMILY.includes(id));
  const untested = [
    !isFamily && `operating system: got ${name}, expected Debian or Ubuntu`,
    !facts.hasSystemd && 'init: got no /run/systemd/system, expected systemd',
    !facts.hasDpkg && `packages: got no ${DPKG_QUERY}, expected a host with dpkg (no rpm)`,
    facts.isOstree && '/usr: got an image by ostree, expected one that can be changed',
    facts.isSelinuxEnforcing &&
      'SELinux: got enforcing, expected off or permissive: new programs get no label',
  ].filter((text) => text !== false);
  const judged =
    untestedHosts === 'allow'
      ? untested.map((text) => note(`${text}; goes on, as policy untestedHosts allows it`))
      : untested.map((text) => refusal(`${text}; to go on untested set policy untestedHosts to allow`));
  const readOnly = facts.readOnly.map((point) =>
    refusal(`${point}: got a file system mounted read-only, expected one where programs can be replaced`),
  );
  return [...judged, ...readOnly];
}

/** Errors: StatusError Failed. */
export async function inspectArchitecture(host: Host): Promise<string> {
  return (await host.run(['uname', '-m'])).stdout.trim();
}

const ARCHITECTURES: Readonly<Record<string, Components['architecture']>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
};

/** `machine` as uname says it. */
export function componentFindings(
  components: Components,
  machine: string,
  plan: Pick<HostPlan, 'kubernetes' | 'release'>,
): readonly Finding[] {
  const image = `take another upgrader image for release ${plan.release}`;
  const found: Finding[] = [];
  const architecture = ARCHITECTURES[machine] ?? machine;
  if (components.architecture !== architecture) {
    found.push(
      refusal(
        `architecture: got components for ${components.architecture}, expected ${architecture}: ${image}`,
      ),
    );
  }
  if (components.kubernetes !== plan.kubernetes) {
    found.push(
      refusal(`components: got Kubernetes ${components.kubernetes}, expected ${plan.kubernetes}: ${image}`),
    );
  }
  return found;
}
