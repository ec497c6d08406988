// Sites whose management cluster is the one that is updated: Argo's own API server goes away with the node.
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import type { KubeConfig } from '@kubernetes/client-node';
import { StatusError } from '../../api/errors.ts';
import { idleTimeout } from '../../kubernetes/timeouts.ts';
import { PATIENCE_SECONDS } from './patient-client.ts';
import type { Remote } from './remote.ts';

const READY_SECONDS = 10;
const LOOK_SECONDS = 1;
const ANSWER_SECONDS = 5;

/** Do both trust the same certificate authority? kubeadm makes one for each cluster. */
export function isSameCluster(one: KubeConfig, other: KubeConfig): boolean {
  const authorities = authoritiesOf(one);
  return authoritiesOf(other).some((fingerprint) => authorities.includes(fingerprint));
}

function authoritiesOf(kubeConfig: KubeConfig): string[] {
  const { caData, caFile } = kubeConfig.getCurrentCluster() ?? {};
  const pem =
    caData !== undefined ? Buffer.from(caData, 'base64').toString() : caFile && readFileSync(caFile, 'utf8');
  const certificates = (pem ?? '').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return certificates.map((certificate) => new X509Certificate(certificate).fingerprint256);
}

/**
 * Waits until the API server of the management cluster has been ready for 10 s without a gap: Argo's own container reports
 * to it when the step ends. Errors: Unavailable when that takes too long.
 */
export async function untilManagementIsSteady({ management, clock, log, signal }: Remote): Promise<void> {
  const start = clock.monotonic();
  let readySince: number | undefined;
  let hasFailed = false;
  for (;;) {
    const problem = await readiness();
    const now = clock.monotonic();
    if (problem === undefined) readySince ??= now;
    else {
      if (!hasFailed) log(`waiting for the API server of the management cluster: ${problem}`);
      hasFailed = true;
      readySince = undefined;
    }
    if (readySince !== undefined && now - readySince >= READY_SECONDS) return;
    if (now - start >= PATIENCE_SECONDS) {
      throw new StatusError(
        `the API server of the management cluster is not steady: ${problem ?? 'flapping'}`,
        {
          reason: 'Unavailable',
        },
      );
    }
    await clock.sleep(LOOK_SECONDS, signal);
    if (signal.aborted) throw new StatusError('told to stop', { reason: 'Unavailable' });
  }

  async function readiness(): Promise<string | undefined> {
    const timeout = idleTimeout(clock, ANSWER_SECONDS, signal);
    try {
      for await (const line of management.lines('/readyz', {}, timeout.signal)) void line;
      return undefined;
    } catch (error) {
      if (error instanceof StatusError) return error.message;
      throw error;
    } finally {
      timeout.stop();
    }
  }
}
