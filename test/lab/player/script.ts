// What the steps of a Machine are told to do instead of going well: ConfigMap lab-player in the Cluster's namespace, by
// Machine name or `default`: {"kubeadm": {"fail": "no space left", "times": 1}, "drain": {"holdWhile": true}}.
import { z } from 'zod';
import type { Clock } from '../../../src/api/clock.ts';
import { STEP_COMMANDS, type StepCommand } from '../../../src/api/commands.ts';
import { EXTERNAL_COMMANDS, type ExternalCommand } from '../../../src/api/external-commands.ts';
import { StatusError } from '../../../src/api/errors.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { orAbsent } from '../../../src/steps/api/absent.ts';
import { configMapPath } from '../../../src/steps/launcher/paths.ts';
import { amend } from './amend.ts';

export const SCRIPT_CONFIG_MAP = 'lab-player';
const LOOK_SECONDS = 1;

const orderSchema = z.union([
  /** times: so often, counted down here; absent: always. */
  z.strictObject({ fail: z.string(), times: z.int().min(0).optional() }),
  z.strictObject({ holdWhile: z.literal(true) }),
  z.strictObject({ seconds: z.number().min(0) }),
]);
const scriptSchema = z.partialRecord(z.enum([...STEP_COMMANDS, ...EXTERNAL_COMMANDS]), orderSchema);

export interface Scene {
  namespace: string;
  machine: string;
  step: StepCommand | ExternalCommand;
}

export interface Script {
  /** Waits as long as the step is to wait. Errors: Failed when it is to fail; BadInput for a script that is none. */
  obey(scene: Scene, signal: AbortSignal): Promise<void>;
}

/** `clock` is the real one: seconds in a script are everybody's seconds. */
export function configMapScript(client: ApiClient, clock: Clock): Script {
  return {
    async obey(scene, signal) {
      const path = configMapPath(scene.namespace, SCRIPT_CONFIG_MAP);
      while (!signal.aborted) {
        const order = orderFor(scene, await orAbsent(client.get(path)))?.order;
        if (order === undefined) return;
        if ('seconds' in order) return clock.sleep(order.seconds, signal);
        if ('holdWhile' in order) await clock.sleep(LOOK_SECONDS, signal);
        else if (await takeFailure(client, path, scene))
          throw new StatusError(order.fail, { reason: 'Failed' });
        else return;
      }
    },
  };
}

interface FoundOrder {
  key: string;
  script: z.infer<typeof scriptSchema>;
  order: z.infer<typeof orderSchema>;
}

/** The Machine's own script goes before the default one. */
export function orderFor(
  { machine, step }: Pick<Scene, 'machine' | 'step'>,
  configMap: JsonObject | undefined,
): FoundOrder | undefined {
  for (const key of [machine, 'default']) {
    const script = parse(key, text(configMap, 'data', key));
    const order = script[step];
    if (order !== undefined) return { key, script, order };
  }
  return undefined;
}

/** False: it failed as often as it should, meanwhile. */
async function takeFailure(client: ApiClient, path: string, scene: Scene): Promise<boolean> {
  let taken = false;
  await amend(client, path, (configMap) => {
    const found = orderFor(scene, configMap);
    if (found === undefined || !('fail' in found.order)) return undefined;
    const { key, script, order } = found;
    taken = order.times !== 0;
    if (!taken || order.times === undefined) return undefined;
    const left = { ...script, [scene.step]: { ...order, times: order.times - 1 } };
    return { data: { [key]: JSON.stringify(left) } };
  });
  return taken;
}

function parse(key: string, content: string | undefined): z.infer<typeof scriptSchema> {
  try {
    return scriptSchema.parse(JSON.parse(content ?? '{}'));
  } catch (cause) {
    const got = `ConfigMap ${SCRIPT_CONFIG_MAP}: ${key}: got ${content ?? 'nothing'}`;
    throw new StatusError(`${got}, expected {"step": {"fail" | "holdWhile" | "seconds": ...}}`, {
      reason: 'BadInput',
      cause,
    });
  }
}
