// `refit demo`: real requests, the real server, simulated nodes.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Clock } from '../../api/clock.ts';
import { EXIT } from '../../api/commands.ts';
import { parsePolicy } from '../../api/policy.ts';
import { stepTemplates } from '../../generators/step-templates.ts';
import { createAdopter } from '../../hook/embedded/adopt.ts';
import { embeddedStore, type EmbeddedStore } from '../../hook/embedded/store.ts';
import { DISCOVERY_PATH } from '../../hook/hooks.ts';
import { silent } from '../../hook/log.ts';
import { createRefitServer } from '../../hook/refit-server.ts';
import { selfSignedTls } from '../../hook/tls.ts';
import { systemClock } from '../clock.ts';
import { callHook, type HookTarget } from '../demo/hook-client.ts';
import { playUpdate, type Story } from '../demo/play-update.ts';
import { stepSeconds } from '../demo/step-seconds.ts';
import { paint, type Io, type Paint } from '../io.ts';
import type { DemoFlags } from '../flags.ts';
import { version } from '../version.ts';

/** Simulated seconds in one real second. */
const SPEED = 20;
const FIXTURES = path.join(import.meta.dirname, '../../../test/fixtures/requests/capi-v1.14.0');

const STORIES: readonly Story[] = [
  {
    title: 'A control-plane machine',
    canUpdate: 'kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json',
    update: 'kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json',
  },
  {
    title: 'A worker',
    canUpdate: 'md-version-1.33-to-1.34/01-canupdatemachineset-refit-md-0-kkvzp.json',
    update: 'md-version-1.33-to-1.34/02-updatemachine-refit-md-0-gb7wv-fmtz5.json',
  },
];

const INTRODUCTION = `Refit: Cluster API's requests become Argo Workflows

  real       the requests (recorded from Cluster API v1.14.0), the HTTPS server,
             its decisions, the Workflows, the operation records
  simulated  Argo and the nodes: versions change in memory, nothing else does;
             time runs ${SPEED} times as fast
`;

export async function demo(flags: DemoFlags, io: Io): Promise<number> {
  const clock = systemClock(SPEED);
  const store = embeddedStore({ clock, stepSeconds });
  if (flags.fail !== undefined) store.failStep(flags.fail, 'no space left (told to fail by --fail)');
  const style = paint(io.hasColour);
  io.out(`${INTRODUCTION}\n`);
  await rm(flags.outputFolder, { recursive: true, force: true });
  await mkdir(flags.outputFolder, { recursive: true });
  const { target, close } = await startServer(store, clock);
  try {
    await discover(target, io, style);
    // A failure is shown once; the second machine would only repeat it.
    const stories = flags.fail === undefined ? STORIES : STORIES.slice(0, 1);
    for (const [index, story] of stories.entries()) {
      io.out(`\n${style.bold(`${index + 2}. ${story.title}`)}\n`);
      const result = await playUpdate(story, { target, store, clock, io, style, readFixture });
      for (const [name, object] of Object.entries(result)) await save(flags.outputFolder, name, object);
    }
  } finally {
    await close();
  }
  await save(flags.outputFolder, 'step-templates', stepTemplates({ version: version(), image: 'refit' }));
  io.out(`\nThe Workflows, the Machines and the step templates: ${flags.outputFolder}/*.yaml\n`);
  return EXIT.done;
}

async function startServer(
  store: EmbeddedStore,
  clock: Clock,
): Promise<{ target: HookTarget; close: () => Promise<void> }> {
  const tls = await selfSignedTls(new Date());
  const policy = parsePolicy({ settleSeconds: 0 });
  const before = createAdopter(store);
  await store.start();
  const server = createRefitServer({
    store,
    clock,
    log: silent,
    policy: () => policy,
    tls,
    version: version(),
    before,
  });
  const port = await server.listen('127.0.0.1', 0);
  const close = async (): Promise<void> => {
    await server.close();
    await store.close();
  };
  return { target: { port, ca: tls.cert }, close };
}

async function discover(target: HookTarget, io: Io, style: Paint): Promise<void> {
  io.out(`${style.bold('1. Discovery')}\n   POST ${DISCOVERY_PATH}\n`);
  const { handlers } = await callHook(
    target,
    DISCOVERY_PATH,
    await readFixture('discovery/01-discovery.json'),
  );
  for (const { name, requestHook } of handlers as { name: string; requestHook: { hook: string } }[]) {
    io.out(`   ${requestHook.hook.padEnd(20)} at ${name}\n`);
  }
}

function readFixture(name: string): Promise<string> {
  return readFile(path.join(FIXTURES, name), 'utf8');
}

async function save(folder: string, name: string, object: unknown): Promise<void> {
  await writeFile(path.join(folder, `${name}.yaml`), stringify(object));
}
