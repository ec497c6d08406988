// `refit` as a program: its streams, its name, how it ends, and what a terminal of 80 columns gets.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import { wantsColour } from '../../src/cli/process-io.ts';
import { writeExternal } from '../../src/api/external-record.ts';
import {
  clusterSample,
  controlPlaneSample,
  machineSample,
  NAMESPACE,
  PLACES,
} from '../helpers/operator-objects.ts';
import { eventually } from '../helpers/eventually.ts';
import { operatorSite, type OperatorSite } from '../helpers/operator-site.ts';

type Refit = ChildProcessByStdio<Writable, Readable, Readable>;
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'];
const CTRL_C = '\u0003';
/** A program starts in seconds on a busy machine. */
const SLOW_SECONDS = 30;
const REASON = 'step kubelet: the kubelet did not become healthy in 300 s, its log ends with: no space left';

let on: OperatorSite;
let running: Refit[] = [];
beforeEach(async () => {
  on = await operatorSite();
  on.put(clusterSample(), controlPlaneSample());
  on.put(machineSample('cp-1', { record: { state: 'failed', reason: REASON } }));
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  running = [];
  await on.end();
});

function start(argv: readonly string[]): Refit {
  const [command = '', ...rest] = argv;
  const env: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm' };
  delete env['NO_COLOR'];
  const child = spawn(command, rest, { env, stdio: 'pipe' });
  running.push(child);
  return child;
}
const refit = (...argv: string[]): string[] => [...NODE, MAIN, ...argv];
const follow = (...argv: string[]): string[] =>
  refit('status', '-w', '-n', NAMESPACE, ...argv, '--kubeconfig', on.kubeconfig);

/** In a terminal of 80 columns: both streams are what reaches its screen, the input what is typed. */
function onScreen(argv: readonly string[]): Refit {
  const command = ['stty cols 80 && exec', ...argv.map((word) => `'${word}'`)].join(' ');
  return start(['script', '-qec', command, '/dev/null']);
}
const widthOf = (screen: string): number =>
  Math.max(
    ...screen
      .replaceAll(/\u001B\[[\d;]*m/g, '')
      .split(/\r?\n/)
      .map(({ length }) => length),
  );

describe('refit', () => {
  it('is called as kubectl calls its plugins', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'refit-plugin-'));
    const plugin = path.join(folder, 'kubectl-refit');
    await symlink(MAIN, plugin);
    expect(await text(start([...NODE, plugin, 'status', '--help']).stdout)).toMatch(
      /^Usage: kubectl refit status /,
    );
    await rm(folder, { recursive: true });
  });
});

describe('refit status -w in a pipe', () => {
  it('tells each change in a line, without colour or controls, and ends well with Ctrl-C', async () => {
    const child = start(follow());
    const lines = text(child.stdout);
    await once(child.stdout, 'data');
    const record = writeExternal({ version: 1, number: 1, state: 'declined', to: 'v1.34.3', reason: 'why' });
    const place = { collection: PLACES.KubeadmControlPlane, namespace: NAMESPACE, name: 'edge-cp' };
    on.server.data.patch(place, { metadata: { annotations: record } });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([EXIT.done, null]);
    expect(await lines).toMatch(
      /^\S+Z {2}lab\/cp-1 {2}failed: operation 3: step kubelet: .*\n\S+Z {2}lab\/edge-cp {2}upgrade 1 .*: why\n$/,
    );
    expect(await lines).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it('gives an object a line with -o json', async () => {
    const child = start(follow('-o', 'json'));
    const [data] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(data.toString())).toMatchObject({
      namespace: NAMESPACE,
      cluster: 'edge',
      machine: { name: 'cp-1', state: 'failed', operation: { number: 3 } },
    });
  });

  it('ends without a word when nobody reads on', async () => {
    const child = start(follow());
    const errors = text(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    on.put(machineSample('cp-2', { record: {} }));
    expect(await once(child, 'close')).toEqual([EXIT.failed, null]);
    expect(await errors).toBe('');
  });
});

it.each<[NodeJS.ProcessEnv, boolean]>([
  [{}, true],
  [{ NO_COLOR: '1' }, false],
  [{ NO_COLOR: '' }, true],
  [{ TERM: 'dumb' }, false],
])('with %j colour in a terminal: %j', (env, expected) => {
  expect(wantsColour(env)).toBe(expected);
});

(process.platform === 'linux' ? describe : describe.skip)('in a terminal of 80 columns', () => {
  it.each([
    ['help', ['--help'], /plan \[options\]/],
    ['what is missing', ['retry'], /got nothing/],
    ['a choice that there is not', ['status', '-o', 'what-nobody-knows'], /Allowed choices/],
  ])('%s fits', async (_name, argv, expected) => {
    const screen = await text(onScreen(refit(...argv)).stdout);
    expect(screen).toMatch(expected);
    expect(widthOf(screen)).toBeLessThanOrEqual(80);
  });

  it('status -w has colour, draws the whole again, and leaves what has scrolled away', async () => {
    const child = onScreen(follow());
    let screen = '';
    child.stdout.on('data', (data: Buffer) => void (screen += data.toString()));
    await eventually('a second look', () => screen.split('\u001B[H\u001B[2J').length > 2, SLOW_SECONDS);
    child.stdin.write(CTRL_C);
    expect(await once(child, 'close')).toEqual([EXIT.done, null]);
    expect(screen).toContain('\u001B[31mfailed');
    expect(screen).not.toContain('\u001B[3J');
    expect(widthOf(screen.replaceAll('\u001B[H\u001B[2J', ''))).toBeLessThanOrEqual(80);
  });
});
