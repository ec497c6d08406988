import { HOOKS_API_VERSION } from '../src/api/hooks.ts';
import { recorded } from '../test/helpers/requests.ts';
import {
  latencies,
  p99,
  startBareServer,
  startServer,
  type Call,
  type ServerProcess,
} from './server-process.ts';

const PATH = `/${HOOKS_API_VERSION}/canupdatemachine/can-update-machine`;
const RATE = 200;
const SECONDS = 10;

/** A recorded request, grown to 60 KiB by the size of its files, with several differences. */
export async function measureCanUpdate() {
  const path = 'kcp-files-kubeletargs-etcdtag-certsans/01-canupdatemachine-refit-cp-2f546.json';
  const content = 'net.ipv4.ip_forward = 1\n'.repeat(500);
  const files = (text: string) =>
    ['one', 'two'].map((name) => ({ path: `/etc/sysctl.d/${name}.conf`, content: `${text}${content}` }));
  const body = JSON.stringify(
    recorded(
      path,
      ['/current/bootstrapConfig/spec/files', files('a = 1\n')],
      ['/desired/bootstrapConfig/spec/files', files('a = 2\n')],
    ),
  );
  const calls = Array.from({ length: RATE * SECONDS }, () => ({ path: PATH, body }));
  const bare = await measure(await startBareServer(), calls);
  const refit = await measure(await startServer('--store', 'embedded'), calls);
  return { ...refit, bareP99Ms: bare.p99Ms, bodyKiB: Math.round(body.length / 1024) };
}

async function measure(
  server: ServerProcess,
  calls: readonly Call[],
): Promise<{ listenMs: number; p99Ms: number }> {
  try {
    await latencies(server.port, calls.slice(0, RATE), RATE); // warm
    return { listenMs: server.listenMs, p99Ms: p99(await latencies(server.port, calls, RATE)) };
  } finally {
    await server.stop();
  }
}
