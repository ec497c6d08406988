// Processes of static pods on a test host, as the kernel shows them.
import { parse } from 'yaml';
import { manifestFile, type PodName } from '../../../src/steps/node/static-pods.ts';
import type { TestHost } from './host-tree.ts';

const UPTIME_SECONDS = 100_000;
const TICKS_PER_SECOND = 100;

interface Running {
  pid: number;
  secondsAgo: number;
  /** Default: as its manifest says. */
  command?: readonly string[];
}

/** A process that was started so many seconds before the clock's now. */
export async function runStaticPod(
  host: TestHost,
  name: PodName,
  { pid, secondsAgo, command }: Running,
): Promise<void> {
  const pod = parse(String(await host.files.read(manifestFile(name)))) as {
    spec: { containers: [{ command?: string[]; args?: string[]; env?: { name: string; value?: string }[] }] };
  };
  const [container] = pod.spec.containers;
  const words = command ?? [...(container.command ?? []), ...(container.args ?? [])];
  const environment = [
    ...(container.env ?? []).map(({ name, value = 'x' }) => `${name}=${value}`),
    'PATH=/bin',
  ];
  const comm = name.slice(0, 15);
  const start = (UPTIME_SECONDS - secondsAgo) * TICKS_PER_SECOND;
  const between = '1 1 1 0 -1 4194560 5000 0 10 0 50 20 0 0 20 0 12 0';
  const files = {
    comm: `${comm}\n`,
    cmdline: `${words.join('\0')}\0`,
    environ: `${environment.join('\0')}\0`,
    stat: `${pid} (${comm} x) S ${between} ${start} 1300000000 60000 18446744073709551615\n`,
  };
  for (const [file, content] of Object.entries(files)) {
    await host.files.write(`/proc/${pid}/${file}`, content, { mode: 0o444 });
  }
  await host.files.write('/proc/uptime', `${UPTIME_SECONDS}.00 1.00\n`, { mode: 0o444 });
}
