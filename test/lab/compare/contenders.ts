// The two servers, on one real API server, with the same certificate.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { selfSignedTls } from '../../../src/hook/tls.ts';
import type { Policy } from '../../../src/api/policy.ts';
import { answersOk } from '../../apiserver/components.ts';
import { startControlPlane } from '../../apiserver/control-plane.ts';
import { installCrds } from '../../apiserver/crds.ts';
import { type Daemon, startDaemon } from '../../apiserver/daemon.ts';
import { freePorts } from '../../apiserver/free-ports.ts';
import { tool } from '../../tools/build.ts';
import { usageOf } from '../processes/process.ts';
import { optIn } from './opt-in.ts';
import type { Question } from './questions.ts';

export interface Contender {
  name: 'refit' | 'goExtension';
  port: number;
  rssMiB(): number;
}

export interface Contenders {
  all: readonly Contender[];
  stop(): Promise<void>;
}

const READY_SECONDS = 60;
const REFIT = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/** The Clusters of the questions are opted in. Errors: which process did not start, and why. */
export async function startContenders(questions: readonly Question[], policy: Policy): Promise<Contenders> {
  const extension = await tool('capi-test-extension');
  const controlPlane = await startControlPlane();
  const folder = mkdtempSync(path.join(tmpdir(), 'refit-compare-'));
  const daemons: Daemon[] = [];
  const stop = async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    await controlPlane.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const start = (name: string, binary: string, args: string[], environment = {}): Daemon => {
    const logFile = path.join(folder, `${name}.log`);
    const endsWithUs = { removeFolder: folder };
    const daemon = startDaemon({ name, binary, args, logFile, environment, endsWithUs });
    daemons.push(daemon);
    return daemon;
  };
  try {
    const { kubeconfigPath } = controlPlane;
    await installCrds(kubeconfigPath);
    await optIn(kubeconfigPath, questions);
    const { cert, key } = await selfSignedTls(new Date());
    const { imageMap, ...rest } = policy;
    const files = { 'tls.crt': cert, 'tls.key': key, policy: stringify(rest), images: stringify(imageMap) };
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(path.join(folder, name), content, { mode: 0o600 });
    }
    const [refitPort = 0, extensionPort = 0, healthPort = 0] = await freePorts(3);
    const refit = start('refit', process.execPath, [
      REFIT,
      ...refitArguments(folder, refitPort, kubeconfigPath),
    ]);
    await refit.ready(() => isReady(refitPort), READY_SECONDS);
    const goExtension = start(
      'capi-test-extension',
      extension,
      extensionArguments(folder, extensionPort, healthPort, kubeconfigPath),
      { POD_NAMESPACE: 'default' },
    );
    await goExtension.ready(() => isReady(healthPort, 'http:'), READY_SECONDS);
    const all = [contender('refit', refitPort, refit), contender('goExtension', extensionPort, goExtension)];
    return { all, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function refitArguments(folder: string, port: number, kubeconfigPath: string): string[] {
  const file = (name: string) => path.join(folder, name);
  return [
    ...['serve', '--store', 'kubernetes', '--kubeconfig', kubeconfigPath],
    ...['--host', '127.0.0.1', '--port', String(port)],
    ...['--tls-cert-file', file('tls.crt'), '--tls-private-key-file', file('tls.key')],
    ...['--policy', file('policy'), '--image-map', file('images')],
  ];
}

/** It cannot be told to serve hooks on loopback only. */
function extensionArguments(
  folder: string,
  port: number,
  healthPort: number,
  kubeconfigPath: string,
): string[] {
  return [
    ...['--kubeconfig', kubeconfigPath, '--webhook-port', String(port), '--webhook-cert-dir', folder],
    ...['--health-addr', `127.0.0.1:${healthPort}`, '--diagnostics-address', '0'],
    ...['--feature-gates', 'RuntimeSDK=true,InPlaceUpdates=true'],
  ];
}

function isReady(port: number, protocol = 'https:'): Promise<boolean> {
  return answersOk({
    ...{ host: '127.0.0.1', port, protocol, path: '/readyz', timeout: 2000, agent: false },
    // Nobody else is on that port; the certificate is not what is measured.
    rejectUnauthorized: false,
  });
}

function contender(name: Contender['name'], port: number, { pid = 0 }: Daemon): Contender {
  return { name, port, rssMiB: () => usageOf(pid).rssMiB };
}
