// The step `stage`: the release's components, checked, in a folder of the host that is there before the node is disturbed.
import { COMPONENTS_FILE, componentsSchema, type Components } from '../../api/components.ts';
import { StatusError } from '../../api/errors.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import { stageFolder } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { ELF_HEADER_BYTES, elfArchitecture } from './elf.ts';
import { wrongDigest } from './install-files.ts';
import type { Action, NodeStep, StagedComponents } from './node-step.ts';
import { isSameVersion, programVersion, VERSIONED_PROGRAMS } from './program-version.ts';
import { componentFile, incompleteFiles, type ComponentFile } from './staged.ts';

/** Besides the files themselves: for those that are installed from them, and for what else the node writes meanwhile. */
const RESERVE_BYTES = 256 * 2 ** 20;

const ARCHITECTURES: Readonly<Record<string, Components['architecture']>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
};

export const stage: NodeStep = {
  name: 'stage',
  prepare: async (host, { plan, components }) => {
    if (components === undefined) {
      return {
        refusals: [`components: got none, expected those of release ${plan.release}`],
        actions: [],
        notes: [],
      };
    }
    const folder = stageFolder(plan.release);
    const missing = await filesToStage(host, folder, components);
    const manifest = manifestOf(components);
    const isWritten = (await host.files.read(`${folder}/${COMPONENTS_FILE}`))?.equals(manifest) === true;
    if (missing.length === 0 && isWritten)
      return { refusals: [], actions: [], notes: [`${folder}: staged before`] };
    return {
      refusals: [
        ...versionRefusals(plan, components),
        ...(await spaceRefusals(host, folder, missing)),
        ...(await fileRefusals(host, components)),
      ],
      actions: await actions(host, { folder, components, missing, manifest }),
      notes: [],
    };
  },
  problems: async (host, { plan, components }) => {
    if (components === undefined) return ['components: got none'];
    const folder = stageFolder(plan.release);
    const missing = await filesToStage(host, folder, components);
    const manifest = await host.files.read(`${folder}/${COMPONENTS_FILE}`);
    return [
      ...missing.map(({ path, got, file }) => wrongDigest(path, got, file.sha256)),
      ...(manifest?.equals(manifestOf(components)) === true
        ? []
        : [
            `${folder}/${COMPONENTS_FILE}: got ${manifest ? 'another one' : 'nothing'}, expected the release's`,
          ]),
    ];
  },
};

interface Missing {
  file: ComponentFile;
  path: string;
  got: string | undefined;
}

async function filesToStage(host: Host, folder: string, components: Components): Promise<readonly Missing[]> {
  const missing: Missing[] = [];
  for (const file of components.files) {
    const path = componentFile(folder, file);
    const got = await host.files.sha256(path);
    if (got !== file.sha256) missing.push({ file, path, got });
  }
  return missing;
}

/** The manifest goes first and comes last: a folder that has it is whole. */
async function actions(
  host: Host,
  work: { folder: string; components: StagedComponents; missing: readonly Missing[]; manifest: Buffer },
): Promise<readonly Action[]> {
  const { folder, components, missing, manifest } = work;
  const path = `${folder}/${COMPONENTS_FILE}`;
  const change = { what: path, to: components.kubernetes };
  const isThere = (await host.files.status(path)) !== undefined;
  return [
    ...(isThere ? [{ do: 'remove', path, change } as const] : []),
    ...missing.map(({ file, path: to }): Action => {
      const { sha256 } = file;
      const from = componentFile(components.folder, file);
      return {
        do: 'install',
        from,
        to,
        sha256,
        change: { what: to, to: versionOf(components, file), sha256 },
      };
    }),
    {
      do: 'work',
      what: `ask the programs in ${folder} for their versions`,
      perform: (on) => checkVersions(on, folder, components),
    },
    { do: 'write', path, content: manifest, mode: 0o600, change },
  ];
}

function versionRefusals(plan: HostPlan, { kubernetes }: Components): readonly string[] {
  if (kubernetes === plan.kubernetes) return [];
  return [`components: got Kubernetes ${kubernetes}, expected ${plan.kubernetes} (release ${plan.release})`];
}

async function spaceRefusals(
  host: Host,
  folder: string,
  missing: readonly Missing[],
): Promise<readonly string[]> {
  const bytes = missing.reduce((sum, { file }) => sum + file.size, 0);
  const needed = { bytes: 2 * bytes + RESERVE_BYTES, inodes: 4 * missing.length };
  const { freeBytes, freeInodes } = await host.files.space(folder);
  return [
    ...(freeBytes < needed.bytes ? [`${folder}: got ${freeBytes} bytes free, expected ${needed.bytes}`] : []),
    ...(freeInodes < needed.inodes
      ? [`${folder}: got ${freeInodes} inodes free, expected ${needed.inodes}`]
      : []),
  ];
}

/** Are they whole, and for this machine? Their digests are compared while they are copied. */
async function fileRefusals(host: Host, components: StagedComponents): Promise<readonly string[]> {
  const incomplete = await incompleteFiles(host, components);
  if (incomplete.length > 0) return incomplete;
  const machine = (await host.run(['uname', '-m'])).stdout.trim();
  const expected = ARCHITECTURES[machine];
  if (expected === undefined || expected !== components.architecture) {
    return [
      `components: got programs for ${components.architecture}, expected them for ${expected ?? machine}`,
    ];
  }
  const refusals: string[] = [];
  for (const file of components.files) {
    const path = componentFile(components.folder, file);
    const got = elfArchitecture(await readHead(host, path));
    if (got !== expected)
      refusals.push(`${path}: got ${got ?? 'no Linux program'}, expected one for ${expected}`);
  }
  return refusals;
}

/** By a program of coreutils: a kubelet does not fit into the memory that this program allows itself. */
async function readHead(host: Host, path: string): Promise<Uint8Array> {
  const { stdout } = await host.run([
    'od',
    '-A',
    'n',
    '-v',
    '-t',
    'x1',
    '-N',
    String(ELF_HEADER_BYTES),
    path,
  ]);
  return Buffer.from(stdout.replace(/\s/g, ''), 'hex');
}

/** Errors: StatusError Failed naming each program that is not what the manifest says, or does not run on this host. */
async function checkVersions(host: Host, folder: string, components: Components): Promise<void> {
  const problems: string[] = [];
  for (const file of components.files) {
    const program = VERSIONED_PROGRAMS.find((name) => name === file.name);
    if (program === undefined) continue;
    const path = componentFile(folder, file);
    const expected = versionOf(components, file);
    try {
      const got = await programVersion(host, program, path);
      const isRight = file.component === 'kubernetes' ? got === expected : isSameVersion(got, expected);
      // CNI plugins may have been built without one.
      const isUnknown = file.component === 'cni' && got === undefined;
      if (!isRight && !isUnknown) problems.push(`${path}: got ${got ?? 'no version'}, expected ${expected}`);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new StatusError(problems.join('; '), { reason: 'Failed' });
}

function versionOf(components: Components, { component }: ComponentFile): string {
  return components[component] ?? 'no version';
}

function manifestOf(components: StagedComponents): Buffer {
  const entries = Object.entries(components).filter(([key]) => key !== 'folder');
  const manifest = componentsSchema.parse(Object.fromEntries(entries));
  return Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
}
