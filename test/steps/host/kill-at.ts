// Kills a process that performs a step before each of its effects on the machine, and looks what comes of it.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { restoreStep } from '../../../src/steps/host/restore-step.ts';
import { STATE_FOLDER } from '../../../src/steps/host/folders.ts';
import { scenarioHost, type MakeScenario } from './scenario.ts';
import { differences, readTree, type Tree } from './tree.ts';

export interface Killed {
  /** Effects that the step has, and those of its restoration. */
  performing: number;
  restoring: number;
  /** What was not as it must be, and when. */
  problems: string[];
}

type Task = 'perform' | 'restore';

interface Experiment {
  name: string;
  /** Gives what was not as it must be. */
  readonly run: (site: Site) => Promise<string[]>;
}

interface Site {
  readonly tree: () => Promise<Tree>;
  /** In a process that is killed before that effect; 0: never. Gives how many effects there were. */
  readonly inProcess: (task: Task, killBefore: number) => Promise<number>;
  /** Here, to the end. Gives what it ended with, if not well. */
  readonly here: (task: Task) => Promise<string[]>;
  /** Keeps what the machine is like; gives what makes it so again. */
  readonly keep: () => Promise<() => Promise<void>>;
}

const CHILD = fileURLToPath(new URL('kill-child.ts', import.meta.url));
/** What a killed process may leave beside a file. */
const TEMPORARY = /\/\.[^/]+\.refit-\d+-[0-9a-f]+$/;
const AT_ONCE = 3;

/**
 * Counts the effects (calls that make, fill, replace or remove a file, and commands) of the step of a scenario, the default
 * export of a module. Then for each of them: killed before it, each file is as before or as after the step; performed again,
 * everything is as after it; restored, as before; also if it is restored at once, or the restoration is killed.
 */
export async function killAtEveryEffect(module: URL): Promise<Killed> {
  const { default: makeScenario } = (await import(module.href)) as { default: MakeScenario };
  const folder = await mkdtemp(join(tmpdir(), 'refit-kill-'));
  const problems: string[] = [];
  let count = 0;
  const cache = join(folder, 'cache');
  const at = async ({ name, run }: Experiment): Promise<void> => {
    const place = join(folder, String((count += 1)));
    const found = await run(await makeSite(place, cache, module, makeScenario));
    problems.push(...found.map((problem) => `${name}: ${problem}`));
    await rm(place, { recursive: true });
  };
  try {
    let baseline: Baseline | undefined;
    await at({ name: 'not killed', run: async (site) => (baseline = await measure(site)).problems });
    if (!baseline) throw new Error('not measured');
    const all = experiments(baseline);
    // Most of it is waiting for the disk.
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = all.shift(); next; next = all.shift()) await at(next);
      }),
    );
    const { performing, restoring } = baseline;
    return { performing, restoring, problems };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Baseline extends Killed {
  before: Tree;
  after: Tree;
}

async function measure({ tree, inProcess }: Site): Promise<Baseline> {
  const before = await tree();
  const performing = await inProcess('perform', 0);
  const after = await tree();
  const restoring = await inProcess('restore', 0);
  const problems = differing(await tree(), before, 'as before when restored');
  if (differences(before, after).length === 0) problems.push('the step changed nothing');
  return { before, after, performing, restoring, problems };
}

function experiments({ before, after, performing, restoring }: Baseline): Experiment[] {
  const killed = (effect: number): Experiment => ({
    name: `killed before effect ${effect}`,
    run: async ({ tree, inProcess, here, keep }) => {
      await inProcess('perform', effect);
      const again = await keep();
      return [
        ...broken(await tree(), before, after),
        ...(await here('perform')),
        ...differing(await tree(), after, 'as after when performed again'),
        ...(await here('restore')),
        ...differing(await tree(), before, 'as before when performed again and restored'),
        ...(await again().then(() => here('restore'))),
        ...differing(await tree(), before, 'as before when restored at once'),
      ];
    },
  });
  const killedRestoring = (effect: number): Experiment => ({
    name: `restoration killed before effect ${effect}`,
    run: async ({ tree, inProcess, here }) => [
      ...(await here('perform')),
      ...(await inProcess('restore', effect)
        .then(tree)
        .then((got) => broken(got, before, after))),
      ...(await here('restore')),
      ...differing(await tree(), before, 'as before when restored again'),
    ],
  });
  return [
    ...Array.from({ length: performing }, (_, index) => killed(index + 1)),
    ...Array.from({ length: restoring }, (_, index) => killedRestoring(index + 1)),
  ];
}

async function makeSite(
  place: string,
  cache: string,
  module: URL,
  makeScenario: MakeScenario,
): Promise<Site> {
  const [root, kept] = [join(place, 'machine'), join(place, 'kept')];
  await mkdir(root, { recursive: true });
  const scenario = makeScenario(root);
  const { step, context } = scenario;
  await scenario.arrange();
  const host = scenarioHost(root, scenario);
  return {
    tree: () => readTree(root, [STATE_FOLDER]),
    inProcess: (task, killBefore) => child(cache, [module.href, root, task, String(killBefore)]),
    here: async (task) => {
      const { outcome, message } =
        task === 'restore'
          ? await restoreStep(step, host, context)
          : (await performStep(step, host, context, { timeoutSeconds: 60 })).result;
      return ['changed', 'unchanged', 'restored'].includes(outcome) ? [] : [`${task} ${outcome}: ${message}`];
    },
    keep: async () => {
      await cp(root, kept, { recursive: true, verbatimSymlinks: true });
      return async () => {
        await rm(root, { recursive: true });
        await rename(kept, root);
      };
    },
  };
}

/** Errors: what the process said when it ended otherwise than asked for. */
function child(cache: string, args: string[]): Promise<number> {
  const isToDie = args.at(-1) !== '0';
  const flags = ['--disable-warning=ExperimentalWarning', CHILD, ...args];
  // Else half of the time is spent on compiling the same files.
  const env = { ...process.env, NODE_COMPILE_CACHE: cache };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, flags, { env }, (error, stdout, stderr) => {
      if (isToDie && error?.signal === 'SIGKILL') return resolve(0);
      const { effects, outcome } = JSON.parse(stdout || '{}') as { effects?: number; outcome?: string };
      const isWell = outcome === 'changed' || outcome === 'restored';
      if (!isToDie && isWell && effects !== undefined) return resolve(effects);
      reject(new Error(`${args.join(' ')}: ended with ${stdout}${stderr}`));
    });
  });
}

function differing(got: Tree, expected: Tree, what: string): string[] {
  return differences(got, expected).map((path) => `${path} is not ${what}: ${shown(got, path)}`);
}

/** What is neither as before nor as after. */
function broken(got: Tree, before: Tree, after: Tree): string[] {
  return [...new Set([...got.keys(), ...before.keys(), ...after.keys()])]
    .filter((path) => !TEMPORARY.test(path))
    .filter((path) => got.get(path) !== before.get(path) && got.get(path) !== after.get(path))
    .map((path) => `${path} is neither old nor new: ${shown(got, path)}`);
}

function shown(tree: Tree, path: string): string {
  return tree.get(path)?.slice(0, 80) ?? 'absent';
}
