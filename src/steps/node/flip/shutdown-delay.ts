// How long an API server that was told to end still serves, not ready, so that load balancers turn to the others first.
import type { StaticPod } from '../static-pods.ts';

const FLAG = 'shutdown-delay-duration';
/** Nobody watches the kubelet meanwhile: its Node must not become NotReady for it (40 s). */
const MAX_SECONDS = 30;
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds, as the manifest asks for it; 0 without. Text: why no flip waits so long. Pure. */
export function shutdownDelay({ flags }: StaticPod): number | string {
  const given = flags.get(FLAG) ?? '0';
  const seconds = goSeconds(given);
  if (seconds !== undefined && seconds <= MAX_SECONDS) return seconds;
  return `kube-apiserver: --${FLAG}: got ${given}, expected a duration of at most ${MAX_SECONDS}s`;
}

/** Of a duration as Go writes it (`1m30s`, `500ms`, `0`). */
function goSeconds(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g);
  return [...parts].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (UNIT_SECONDS[unit ?? ''] ?? 0),
    0,
  );
}
