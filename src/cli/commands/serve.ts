// `refit serve`: the hook server, until it is told to stop.
import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import type { Policy } from '../../api/policy.ts';
import type { Log } from '../../hook/log.ts';
import type { PolicyReload } from '../../hook/policy-reload.ts';
import { createRefitServer, type RefitServerOptions } from '../../hook/refit-server.ts';
import { followTls, readTls, selfSignedTls, type TlsFiles, type TlsMaterial } from '../../hook/tls.ts';
import { systemClock } from '../clock.ts';
import { readPolicy } from '../config.ts';
import type { Io } from '../io.ts';
import type { ServeFlags } from '../flags.ts';
import { version } from '../version.ts';

const TLS_CHECK_SECONDS = 30;

export async function serve(flags: ServeFlags, io: Io): Promise<void> {
  // Half the memory for some more garbage collection: the default grows the heap as if the machine were ours alone.
  setFlagsFromString('--optimize-for-size');
  const log: Log = pino({ name: 'capi-refit' });
  const clock = systemClock();
  const policy = await policyFor(flags, io);
  const files = tlsFiles(flags);
  const tls = files ? await readTls(files) : await selfSignedTls(clock.now());
  const opened = await openStore(flags, clock, log);
  const { store } = opened;
  const reload = reloadOf(flags, io);
  const server = createRefitServer({
    ...{ ...opened, clock, log, policy: () => policy, tls, version: version() },
    ...(reload === undefined ? {} : { reload }),
  });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

  const host = flags.host ?? (flags.store === 'embedded' ? '127.0.0.1' : '0.0.0.0');
  const port = await server.listen(host, flags.port);
  const externalPort = await server.external?.listen(host, flags.externalPort);
  log.info(
    { url: `https://${host}:${port}`, externalPort, store: flags.store, version: version() },
    'listening',
  );
  // The caches fill while probes are answered: /readyz says when.
  await store.start();
  if (files) {
    const apply = (material: TlsMaterial): void => server.setTls(material);
    const failed = (error: unknown): void => log.error({ err: error }, 'certificate not reloaded');
    void followTls(files, tls, { clock, seconds: TLS_CHECK_SECONDS, signal: stop.signal, apply, failed });
  }
  await aborted(stop.signal);
  log.info({}, 'stopping: answers in flight are finished');
  await server.close();
  await Promise.all([store.close(), opened.client?.close()]);
}

/** In a cluster a version without a release is refused; the embedded store takes any version as available. */
async function policyFor(flags: ServeFlags, io: Io): Promise<Policy> {
  const policy = await readPolicy(io, flags.policy, flags.imageMap);
  if (flags.store === 'kubernetes') return { ...policy, imageMap: policy.imageMap ?? {} };
  // Adopted MachineDeployments are as old as the first request: nothing to wait for in a trial.
  return flags.policy === undefined ? { ...policy, settleSeconds: 0 } : policy;
}

function reloadOf(flags: ServeFlags, io: Io): PolicyReload | undefined {
  if (flags.policy === undefined && flags.imageMap === undefined) return undefined;
  const [namespace, name] = (flags.policyConfigMap ?? '').split('/');
  const configMap = namespace && name ? { configMap: { namespace, name } } : {};
  return { read: () => policyFor(flags, io), ...configMap };
}

function tlsFiles({ tlsCertFile, tlsPrivateKeyFile, clientCaFile, store }: ServeFlags): TlsFiles | undefined {
  if (tlsCertFile !== undefined && tlsPrivateKeyFile !== undefined) {
    const clientCa = clientCaFile === undefined ? {} : { clientCaFile };
    return { certFile: tlsCertFile, keyFile: tlsPrivateKeyFile, ...clientCa };
  }
  const isTrial = store === 'embedded' && tlsCertFile === undefined && tlsPrivateKeyFile === undefined;
  if (isTrial && clientCaFile === undefined) return undefined;
  throw new StatusError(
    '--tls-cert-file, --tls-private-key-file: expected both (only a trial with --store embedded works without)',
    {
      reason: 'BadInput',
    },
  );
}

async function openStore(
  flags: ServeFlags,
  clock: Clock,
  log: Log,
): Promise<Pick<RefitServerOptions, 'store' | 'before' | 'client'>> {
  if (flags.store === 'kubernetes') {
    const { connect } = await import('../../kubernetes/connect.ts');
    const { kubernetesStore } = await import('../../hook/kubernetes/store.ts');
    const { createApiClient } = await import('../../kubernetes/api-client.ts');
    const kubeConfig = connect(flags.kubeconfig);
    return { store: kubernetesStore({ kubeConfig, clock, log }), client: createApiClient(kubeConfig, clock) };
  }
  const { embeddedStore } = await import('../../hook/embedded/store.ts');
  const { createAdopter } = await import('../../hook/embedded/adopt.ts');
  const store = embeddedStore({ clock, stepSeconds: () => flags.stepSeconds });
  if (flags.fail !== undefined) store.failStep(flags.fail, 'told to fail by --fail');
  return { store, before: createAdopter(store) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
