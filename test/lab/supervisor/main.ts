// The process that owns a lab. Until it is told to stay it ends with the one that started it.
import { parseArgs } from 'node:util';
import { messages } from '../../helpers/messages.ts';
import type { Call } from '../connect.ts';
import { folderLayout } from '../folder.ts';
import { type Lab, startLab } from '../lab.ts';
import type { ArgoSettings, ProcessName, StartOptions } from '../processes/names.ts';
import { type Control, serveControl } from './control.ts';
import type { Told } from './launch.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { folder: text, logs: text, argo: text, record: text } });
const { folder = '', ...given } = values;
const layout = folderLayout(folder, given.logs);

const givingUp = new AbortController();
let starting: Promise<Lab> | undefined;
let lab: Lab | undefined;
let control: Control | undefined;
let mayStay = false;

async function obey({ method, args }: Call): Promise<unknown> {
  const [name, options] = args as [ProcessName, StartOptions];
  if (method === 'stop') return end();
  if (!lab) throw new Error(`the lab in ${layout.root} is not ready yet`);
  switch (method) {
    case 'ping':
      return;
    case 'kill':
      return lab.kill(name);
    case 'start':
      return lab.start(name, options);
    case 'rotateCertificates':
      return lab.rotateCertificates();
    case 'usage':
      return lab.usage(name);
  }
}

/** The caller gets its answer before we exit. */
async function end(): Promise<void> {
  givingUp.abort();
  const running = await starting?.catch(() => undefined);
  try {
    await running?.stop();
  } finally {
    void control?.close().then(() => process.exit());
  }
}

async function main(): Promise<void> {
  control = await serveControl(layout.socket, obey);
  starting = startLab({ folder, ...given, argo: given.argo as ArgoSettings, log, signal: givingUp.signal });
  lab = await starting;
  tell({ ready: true });
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
  tell({ line });
}

function tell(told: Told): void {
  if (process.connected) process.send?.(told);
}

process.on('message', () => (mayStay = true));
process.once('disconnect', () => mayStay || void end());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end());
try {
  await main();
} catch (error) {
  if (!givingUp.signal.aborted) {
    process.stderr.write(`${messages(error)}\n`);
    tell({ failed: messages(error) });
    process.exitCode = 1;
    await control?.close();
    if (process.connected) process.disconnect();
  }
}
