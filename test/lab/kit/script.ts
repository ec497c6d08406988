// How the player of the lab plays steps, told through its ConfigMap.
import type { StepName } from '../../../src/api/steps.ts';
import { CONFIG_MAPS } from '../../../src/hook/kubernetes/resources.ts';
import { expectOk } from '../../apiserver/api.ts';
import { SCRIPT_CONFIG_MAP } from '../player/script.ts';
import type { Site } from './site.ts';

/** Takes so long; is held for as long as the script says so; or fails, so often. */
export type Play = { seconds: number } | { holdWhile: true } | { fail: string; times: number };

/** By Machine, or `default` for those that are not named; steps that are not named end well at once. */
export type Script = Readonly<Record<string, Partial<Record<StepName, Play>>>>;

/** Instead of any earlier script, also for steps that are held now. Not declared: the player counts down in it. */
export async function play({ api, namespace }: Site, script: Script): Promise<void> {
  const data = Object.fromEntries(Object.entries(script).map(([key, steps]) => [key, JSON.stringify(steps)]));
  const configMap = { metadata: { name: SCRIPT_CONFIG_MAP }, data };
  const { status } = await api.put(CONFIG_MAPS.path(namespace, SCRIPT_CONFIG_MAP), configMap);
  if (status === 404) await expectOk(api.create(CONFIG_MAPS.path(namespace), configMap));
  else if (status !== 200) throw new Error(`ConfigMap ${SCRIPT_CONFIG_MAP}: got ${status}, expected 200`);
}
