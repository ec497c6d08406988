// Performs the step of a scenario, or restores it, and kills itself before its n-th effect on the machine; 0: never.
// Run by kill-at.ts: kill-child.ts MODULE ROOT perform|restore N. Prints the number of effects at the end.
import childProcess from 'node:child_process';
import { existsSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { restoreStep } from '../../../src/steps/host/restore-step.ts';
import { scenarioHost, type MakeScenario } from './scenario.ts';

type Content = string | Uint8Array | AsyncIterable<Uint8Array>;
type Write<Place> = (this: unknown, place: Place, content: Content, ...rest: unknown[]) => Promise<void>;

const [module = '', root = '', task = '', killBefore = '0'] = process.argv.slice(2);
let effects = 0;

function effect(): void {
  effects += 1;
  if (effects === Number(killBefore)) process.kill(process.pid, 'SIGKILL');
}

/** Has an effect, if what it is called with says so. */
function counted<Args extends unknown[], Result>(
  call: (...args: Args) => Result,
  has: (...args: Args) => boolean = () => true,
): (...args: Args) => Result {
  return (...args) => {
    if (has(...args)) effect();
    return call(...args);
  };
}

/** Has one, when half of it is written. */
async function inHalves<Place>(
  write: Write<Place>,
  place: Place,
  content: Content,
  rest: unknown[],
): Promise<void> {
  if (effects + 1 === Number(killBefore)) await write.call(place, place, await halfOf(content), ...rest);
  effect();
  return write.call(place, place, content, ...rest);
}

async function halfOf(content: Content): Promise<string | Uint8Array> {
  if (typeof content === 'string' || content instanceof Uint8Array)
    return content.slice(0, content.length / 2);
  for await (const chunk of content) return chunk.slice(0, chunk.length / 2);
  return '';
}

const nowhere = await fs.open('/dev/null');
const handles = Object.getPrototypeOf(nowhere) as { writeFile: (content: Content) => Promise<void> };
await nowhere.close();
const { writeFile: writeHandle } = handles;
const writeFile = fs.writeFile as Write<string>;
handles.writeFile = function (this: FileHandle, content: Content) {
  return inHalves((place: FileHandle, part) => writeHandle.call(place, part), this, content, []);
};
Object.assign(fs, {
  writeFile: (path: string, content: Content, ...rest: unknown[]) => inHalves(writeFile, path, content, rest),
  open: counted(fs.open, (_path, flags) => /[wax+]/.test(String(flags ?? 'r'))),
  rm: counted(fs.rm, (path) => existsSync(path)),
  mkdir: counted(fs.mkdir as (path: string, options: object) => Promise<void>),
  ...Object.fromEntries(
    (
      [
        'rename',
        'link',
        'symlink',
        'unlink',
        'rmdir',
        'chmod',
        'chown',
        'truncate',
        'appendFile',
        'copyFile',
        'cp',
      ] as const
    ).map((name) => [name, counted(fs[name] as (...args: unknown[]) => Promise<void>)]),
  ),
});
Object.assign(childProcess, { spawn: counted(childProcess.spawn as (...args: unknown[]) => unknown) });
syncBuiltinESMExports();

const { default: makeScenario } = (await import(module)) as { default: MakeScenario };
const scenario = makeScenario(root);
const host = scenarioHost(root, scenario);
const ended =
  task === 'restore'
    ? await restoreStep(scenario.step, host, scenario.context)
    : (await performStep(scenario.step, host, scenario.context, { timeoutSeconds: 60 })).result;
console.log(JSON.stringify({ effects, outcome: ended.outcome, message: ended.message }));
