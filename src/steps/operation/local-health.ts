// Is this node healthy by itself? Only ports and units of this machine are asked: the API behind them may be away.
import { parse } from 'yaml';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { urlHost } from '../host/url-host.ts';
import { localApiServer } from '../node/static-pods.ts';
import type { Systemd } from './systemd.ts';

const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const LOOK_SECONDS = 5;

const kubeletConfigSchema = z.object({
  healthzPort: z.int().optional(),
  healthzBindAddress: z.string().optional(),
});

/** undefined: healthy. Else what was got and expected. */
export type HealthCheck = () => Promise<string | undefined>;

/** By its health port; by its unit where the port is switched off. */
export function kubeletHealth(host: Host, systemd: Systemd): HealthCheck {
  return async () => {
    const url = await kubeletHealthUrl(host);
    return url === undefined ? unitProblem(systemd, 'kubelet.service') : portProblem(host, 'kubelet', url);
  };
}

/** A node with another runtime has no such unit. */
export function containerdHealth(systemd: Systemd): HealthCheck {
  return () => unitProblem(systemd, 'containerd.service');
}

/** Of this node, without its etcd, which may be recovering. Healthy where there is none. */
export function apiServerHealth(host: Host): HealthCheck {
  return async () => {
    const url = await localApiServer(host).catch(() => undefined);
    return url === undefined ? undefined : portProblem(host, 'kube-apiserver', `${url}/livez?exclude=etcd`);
  };
}

async function kubeletHealthUrl(host: Host): Promise<string | undefined> {
  const { healthzPort = 10_248, healthzBindAddress = '' } = await kubeletConfig(host);
  if (healthzPort === 0) return undefined;
  const isAny = ['', '0.0.0.0', '::'].includes(healthzBindAddress);
  const address = isAny ? '127.0.0.1' : healthzBindAddress;
  return `http://${urlHost(address)}:${healthzPort}/healthz`;
}

async function kubeletConfig(host: Host): Promise<z.infer<typeof kubeletConfigSchema>> {
  try {
    const content = await host.files.read(KUBELET_CONFIG);
    return kubeletConfigSchema.parse(parse((content ?? '{}').toString()));
  } catch {
    // Broken by a step perhaps: then the kubelet is not at its usual port either.
    return {};
  }
}

/** Any answer but an error of the server shows that it lives: it may refuse us. */
async function portProblem(host: Host, name: string, url: string): Promise<string | undefined> {
  try {
    const { status } = await host.http({ url, timeoutSeconds: LOOK_SECONDS, tls: { ca: 'any' } });
    return status < 500 ? undefined : `${name}: got ${status} from ${url}, expected 200`;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${name}: ${error.message}`;
  }
}

async function unitProblem(systemd: Systemd, unit: string): Promise<string | undefined> {
  const [state] = await systemd.states([unit]);
  if (state === undefined || !state.loaded || state.active === 'active') return undefined;
  return `${unit}: got ${state.active}, expected active`;
}
