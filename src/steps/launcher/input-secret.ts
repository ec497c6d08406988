import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import type { NodeInput } from '../../api/node-input.ts';
import { list, text } from '../../kubernetes/fields.ts';
import { orAbsent } from '../api/absent.ts';
import { inputSecret } from './node-job.ts';
import { inputSecretPath } from './paths.ts';
import type { Remote } from './remote.ts';

/** Makes the Secret that the Job's pod waits for, unless it is there. One of an earlier Job of that name gives way. */
export async function ensureInputSecret(
  { workload, clock, signal }: Remote,
  job: JsonObject,
  input: NodeInput,
): Promise<void> {
  const owner = { name: text(job, 'metadata', 'name') ?? '', uid: text(job, 'metadata', 'uid') ?? '' };
  for (;;) {
    try {
      await workload.create(inputSecretPath(), inputSecret(owner, input));
      return;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
    }
    const secret = await orAbsent(workload.get(inputSecretPath(owner.name)));
    if (secret === undefined) continue;
    const owners = list(secret, 'metadata', 'ownerReferences');
    if (owners.some((each) => text(each, 'uid') === owner.uid)) return;
    await deleteSecret(workload, owner.name, text(secret, 'metadata', 'uid') ?? '');
    await clock.sleep(1, signal);
    if (signal.aborted) throw new StatusError('told to stop', { reason: 'Unavailable' });
  }
}

/** Once the Job has reported nobody needs it: file contents stay no longer than that. */
export async function removeInputSecret({ workload }: Remote, job: JsonObject): Promise<void> {
  const [name, jobUid] = [text(job, 'metadata', 'name') ?? '', text(job, 'metadata', 'uid')];
  const secret = await orAbsent(workload.get(inputSecretPath(name)));
  const isOurs = list(secret, 'metadata', 'ownerReferences').some((each) => text(each, 'uid') === jobUid);
  if (isOurs) await deleteSecret(workload, name, text(secret, 'metadata', 'uid') ?? '');
}

async function deleteSecret(workload: Remote['workload'], name: string, uid: string): Promise<void> {
  try {
    await workload.delete(inputSecretPath(name), { preconditions: { uid } });
  } catch (error) {
    if (!(error instanceof StatusError) || !['NotFound', 'Conflict'].includes(error.reason)) throw error;
  }
}
