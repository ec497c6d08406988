// Does the kubelet run as it should: the right program, started after what it reads, answering, and for a while?
import { parse } from 'yaml';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { urlHost } from '../host/url-host.ts';
import { wrongDigest } from './install-files.ts';
import { exeFile, type Service } from './service.ts';

/** A kubelet that cannot start ends within a second or two and is started again 10 s later. */
const STABLE_SECONDS = 5;

const configurationSchema = z.object({
  healthzPort: z.int().default(10248),
  healthzBindAddress: z.string().default('127.0.0.1'),
});

/** Why it must be restarted. `inputs`: files that it reads when it starts; `sha256`: of the program that it should be. */
export async function staleProblems(
  host: Host,
  service: Service,
  { inputs, sha256 }: { inputs: readonly string[]; sha256: string | undefined },
): Promise<readonly string[]> {
  const { mainPid, startedAt, activeState } = service;
  if (mainPid === undefined || startedAt === undefined) {
    return [`kubelet.service: got ${activeState}, no process, expected active`];
  }
  const running = await host.files.sha256(exeFile(mainPid));
  if (sha256 !== undefined && running !== sha256) {
    return [`kubelet.service runs ${wrongDigest('kubelet', running, sha256)}`];
  }
  const problems: string[] = [];
  const now = host.clock.now();
  for (const path of inputs) {
    const modifiedAt = (await host.files.status(path))?.modifiedAt;
    // A time to come was given by a wrong clock, and says nothing.
    if (modifiedAt !== undefined && modifiedAt > startedAt && modifiedAt <= now) {
      const [file, start] = [modifiedAt.toISOString(), startedAt.toISOString()];
      problems.push(`${path}: changed at ${file}, expected before the kubelet's start at ${start}`);
    }
  }
  return problems;
}

/** Empty: active, healthy, and not started just now. */
export async function healthProblems(
  host: Host,
  { activeState, startedAt, restarts }: Service,
  configurationFile: string,
): Promise<readonly string[]> {
  if (activeState !== 'active') return [`kubelet.service: got ${activeState}, expected active`];
  const seconds = startedAt ? (host.clock.now().getTime() - startedAt.getTime()) / 1000 : 0;
  const problems = await healthzProblems(host, configurationFile);
  if (problems.length > 0 || seconds >= STABLE_SECONDS) return problems;
  const times = restarts > 0 ? `, after ${restarts} restarts` : '';
  return [`kubelet.service: running for ${seconds.toFixed(1)} s${times}, expected ${STABLE_SECONDS} s`];
}

async function healthzProblems(host: Host, configurationFile: string): Promise<readonly string[]> {
  const configuration = await host.files.read(configurationFile);
  const parsed = configurationSchema.safeParse(yaml(configuration?.toString() ?? '') ?? {});
  if (!parsed.success) return [`${configurationFile}: got something else, expected a kubelet configuration`];
  const { healthzPort, healthzBindAddress } = parsed.data;
  // Turned off.
  if (healthzPort === 0) return [];
  const address = ['', '0.0.0.0', '::'].includes(healthzBindAddress) ? '127.0.0.1' : healthzBindAddress;
  const url = `http://${urlHost(address)}:${healthzPort}/healthz`;
  try {
    const { status } = await host.http({ url, timeoutSeconds: 5 });
    return status === 200 ? [] : [`${url}: got ${status}, expected 200`];
  } catch (error) {
    if (error instanceof StatusError) return [error.message];
    throw error;
  }
}

function yaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}
