// The Machine that a step is about.
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { CONTROL_PLANE_LABEL } from '../../api/labels.ts';
import type { Role } from '../../api/steps.ts';
import { parseVersion } from '../../api/version.ts';
import { text, texts } from '../../kubernetes/fields.ts';
import type { ApiStepContext } from './api-step.ts';
import { change } from './change.ts';
import { machinePath } from './paths.ts';

export function roleOf(machine: JsonObject): Role {
  return Object.hasOwn(texts(machine, 'metadata', 'labels'), CONTROL_PLANE_LABEL)
    ? 'control-plane'
    : 'worker';
}

/** The Kubernetes version to reach. Errors: BadInput when it is not one. */
export function targetVersion({ flags, machine }: Pick<ApiStepContext, 'flags' | 'machine'>): string {
  const given = flags.kubernetesVersion !== '';
  const version = given ? flags.kubernetesVersion : text(machine, 'spec', 'version');
  return `v${parseVersion(version, given ? '--kubernetes-version' : 'Machine spec.version').raw}`;
}

/**
 * Writes annotations of the Machine; nothing when there are none. True: written. Errors: Failed when there is another
 * Machine of that name by now; those of the client and of `decide`.
 */
export async function annotateMachine(
  { management, flags, machine }: ApiStepContext,
  decide: (machine: JsonObject) => Readonly<Record<string, string | null>>,
): Promise<boolean> {
  const uid = text(machine, 'metadata', 'uid');
  return change(management, machinePath(flags.namespace, flags.machine), (now) => {
    if (text(now, 'metadata', 'uid') !== uid) {
      throw machineFailed(
        flags,
        `uid: got ${text(now, 'metadata', 'uid') ?? 'none'}, expected ${uid ?? 'none'}`,
      );
    }
    const annotations = decide(now);
    return Object.keys(annotations).length === 0 ? undefined : { annotations };
  });
}

export function machineFailed(
  { namespace, machine }: { namespace: string; machine: string },
  problem: string,
): StatusError {
  return new StatusError(`Machine ${namespace}/${machine}: ${problem}`, { reason: 'Failed' });
}
