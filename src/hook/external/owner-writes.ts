// What the server writes on owners and their MachineSets. Errors of all: Conflict when one changed since it was read.
import type { Clock } from '../../api/clock.ts';
import { endAnnotations, type End } from '../../api/external-release.ts';
import { writeExternal, type ExternalRecord } from '../../api/external-record.ts';
import { clusterNameOf, isOwnerKind, type OwnerKind } from '../../api/external-owner.ts';
import { text } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { ownerPath, type ExternalReads } from '../../kubernetes/external-reads.ts';
import { releaseSets, writePatch } from '../../kubernetes/external-writes.ts';
import type { Log } from '../log.ts';

export interface OwnerWritesOptions {
  client: ApiClient;
  reads: ExternalReads;
  clock: Clock;
  log: Log;
}

/** Annotations to remove. */
type More = Readonly<Record<string, null>>;

/** Owners are given as they were read, with their kind. */
export function ownerWrites({ client, reads, clock, log }: OwnerWritesOptions) {
  async function annotate(owner: JsonObject, annotations: Record<string, string | null>): Promise<void> {
    const { kind, namespace, name } = subjectOf(owner);
    await writePatch(client, ownerPath(kind, namespace, name), owner, { metadata: { annotations } });
  }

  function logged(owner: JsonObject, { number }: ExternalRecord, state: string, reason?: string): void {
    const { kind, namespace, name } = subjectOf(owner);
    log.info({ owner: `${kind} ${namespace}/${name}`, upgrade: number, state, reason }, 'external upgrade');
  }

  return {
    async record(owner: JsonObject, record: ExternalRecord, more: More = {}): Promise<void> {
      await annotate(owner, { ...writeExternal(record), ...more });
      logged(owner, record, record.state);
    },

    async end(
      owner: JsonObject,
      record: ExternalRecord,
      state: End['state'],
      reason: string,
      more: More = {},
    ): Promise<void> {
      await annotate(owner, {
        ...endAnnotations(owner, record, { state, reason, now: clock.now() }),
        ...more,
      });
      logged(owner, record, state, reason);
    },

    /** Before their owner: what is left paused then, nobody looks at again. */
    async unpauseSets(owner: JsonObject): Promise<void> {
      const { kind, namespace, uid } = subjectOf(owner);
      const sets = await reads.machineSets({ kind, namespace, uid, cluster: clusterNameOf(owner) ?? '' });
      await releaseSets(client, namespace, owner, sets, false);
    },
  };
}

/** What an Event is about. */
export function subjectOf(owner: JsonObject): {
  kind: OwnerKind;
  namespace: string;
  name: string;
  uid: string;
} {
  const kind = text(owner, 'kind');
  const field = (name: string): string => text(owner, 'metadata', name) ?? '';
  return {
    kind: isOwnerKind(kind) ? kind : 'MachineDeployment',
    namespace: field('namespace'),
    name: field('name'),
    uid: field('uid'),
  };
}
