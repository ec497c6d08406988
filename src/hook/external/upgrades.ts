// Brings an owner that the webhook paused on: decides, makes its Workflow, or says why not; and closes what was left.
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { isReleased } from '../../api/external-release.ts';
import { isHeld, isPausedByUs, readExternal, type ExternalRecord } from '../../api/external-record.ts';
import { text, texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import {
  EXTERNAL_ANNOTATION,
  FALLBACK_ANNOTATION,
  PAUSED_ANNOTATION,
  RETRY_ANNOTATION,
  STRATEGY_EXTERNAL,
  STRATEGY_LABEL,
} from '../../api/labels.ts';
import { operationName } from '../../api/names.ts';
import { externalUpgradeWorkflow } from '../../generators/external-upgrade.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import type { ExternalReads } from '../../kubernetes/external-reads.ts';
import { releaseSets, untilSeen } from '../../kubernetes/external-writes.ts';
import { decideExternal, type MachineUpgrade } from '../../plan/external.ts';
import type { Announce } from '../announce.ts';
import type { Log } from '../log.ts';
import type { PolicyOf } from '../policies.ts';
import type { Store } from '../store.ts';
import type { OwnerView } from './owners.ts';
import { DELETION_HELD_SECONDS } from '../reconcile.ts';
import { ownerWrites, subjectOf } from './owner-writes.ts';
import { nextRecord, reasonOf, runningRecord } from './records.ts';
import { findSituation, readOwner, type Found } from './situation.ts';

export interface UpgradesOptions {
  client: ApiClient;
  reads: ExternalReads;
  store: Store;
  policy: PolicyOf;
  announce: Announce;
  clock: Clock;
  log: Log;
  /** Of Refit: names the templates. */
  version: string;
}

type Key = Pick<OwnerView, 'kind' | 'namespace' | 'name'>;

export type Upgrades = ReturnType<typeof createUpgrades>;

/** Errors of all: NotFound, Conflict (look again), Unavailable. */
export function createUpgrades(options: UpgradesOptions) {
  const { client, store, announce, clock, log, version } = options;
  const write = ownerWrites(options);

  /** Nothing happens for an owner that is not ours to move on. */
  async function reconcile(key: Key): Promise<void> {
    const owner = await readOwner(client, key);
    const annotations = texts(owner, 'metadata', 'annotations');
    const record = readExternal(annotations);
    if (record === undefined || texts(owner, 'metadata', 'labels')[STRATEGY_LABEL] !== STRATEGY_EXTERNAL)
      return;
    if (record === 'invalid') return tellUnreadable(owner);
    if (text(owner, 'metadata', 'deletionTimestamp') !== undefined) return letGo(key, owner, record);
    if (record.state === 'running') return follow(key, owner, record);
    if (!isPausedByUs(annotations)) return;
    if (isHeld(record)) return decide(key, owner, record);
    if (record.state !== 'failed') return;
    if (RETRY_ANNOTATION in annotations)
      return write.record(owner, nextRecord(record), { [RETRY_ANNOTATION]: null });
    if (isReleased(annotations, 'failed')) await giveBack(owner, record);
  }

  async function decide(key: Key, owner: JsonObject, record: ExternalRecord): Promise<void> {
    const name = operationName(subjectOf(owner), record.number);
    const made = store.workflow(key.namespace, name) ?? (await store.readWorkflow(key.namespace, name));
    // A server ended between the two writes of a start: judged now, its Machines would be in the way of themselves.
    if (made && made.finishedAt === undefined)
      return write.record(owner, runningRecord(owner, record, name, clock.now()));
    // Of a record that was removed since: the number is taken.
    if (made) return write.record(owner, nextRecord(record));
    const decided = await decisionOn(key);
    if ('declined' in decided) return decline(key, owner, record, decided.declined);
    const { found, upgrades } = decided;
    if (upgrades.length === 0) return finish(key, found, record);
    await start(key, found, record, upgrades);
  }

  /** What cannot be read for good, and a policy of the Cluster that is bad, are reasons like any other. */
  async function decisionOn(
    key: Key,
  ): Promise<{ declined: string } | { found: Found; upgrades: readonly MachineUpgrade[] }> {
    try {
      const found = await findSituation(options, key);
      const decision = decideExternal(found.situation, options.policy(found.cluster));
      return 'declined' in decision ? decision : { found, upgrades: decision.upgrades };
    } catch (error) {
      if (!(error instanceof StatusError) || !['BadInput', 'NotFound'].includes(error.reason)) throw error;
      return { declined: error.message };
    }
  }

  async function start(key: Key, found: Found, record: ExternalRecord, upgrades: readonly MachineUpgrade[]) {
    const { ask, owner, cluster } = found;
    const policy = options.policy(cluster);
    if (ask.role === 'worker') await store.limitWorkers(cluster, policy.workers.concurrency);
    const apiVersion = text(owner, 'apiVersion') ?? '';
    const { number } = record;
    const workflow = externalUpgradeWorkflow({ ask, apiVersion, number, upgrades, policy, version });
    try {
      await store.createWorkflow(workflow);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'BadInput') throw error;
      return decline(key, owner, record, `its Workflow was refused: ${error.message}`);
    }
    const to = { ...record, to: ask.version };
    await write.record(owner, runningRecord(owner, to, operationName(ask, number), clock.now()));
    const names = upgrades.map(({ name }) => name).join(', ');
    tell(owner, 'Normal', 'ExternalUpgradeStarted', `upgrade ${number} to ${ask.version}: ${names}`);
  }

  /** Every Machine is as the owner asks: also after an edit was taken back. */
  async function finish(key: Key, { owner, situation }: Found, record: ExternalRecord): Promise<void> {
    const { machineSets } = situation;
    await releaseSets(client, key.namespace, owner, machineSets, true);
    if (!(await untilSeen(client, { clock }, key.namespace, machineSets)))
      log.warn({ owner: key.name }, 'Cluster API has not looked at the MachineSets: released all the same');
    await write.end(owner, record, 'succeeded', 'nothing to do');
  }

  async function decline(key: Key, read: JsonObject, record: ExternalRecord, reason: string): Promise<void> {
    const owner = await readOwner(client, key);
    const annotations = texts(owner, 'metadata', 'annotations');
    // Edited meanwhile: it is looked at again.
    if (annotations[EXTERNAL_ANNOTATION] !== text(read, 'metadata', 'annotations', EXTERNAL_ANNOTATION))
      return;
    const releases = isReleased(annotations, 'declined');
    const what = releases
      ? `${reason}. Cluster API does it by replacing Machines (annotation ${FALLBACK_ANNOTATION})`
      : `${reason}. It stays paused: ${WAYS_OUT}`;
    tell(owner, 'Warning', 'ExternalUpgradeDeclined', what);
    if (!releases && record.state === 'declined' && record.reason === reason) return;
    // Those of an upgrade before.
    if (releases) await write.unpauseSets(owner);
    await write.end(owner, record, 'declined', reason);
  }

  /** The exit handler writes the last word; this is for when it could not. */
  async function follow(key: Key, owner: JsonObject, record: ExternalRecord): Promise<void> {
    const name = record.workflow ?? '';
    const workflow = store.workflow(key.namespace, name) ?? (await store.readWorkflow(key.namespace, name));
    if (workflow && workflow.finishedAt === undefined) return;
    const reason = workflow ? reasonOf(workflow) : `Workflow ${name} was deleted before it ended`;
    if (isReleased(texts(owner, 'metadata', 'annotations'), 'failed')) await write.unpauseSets(owner);
    await write.end(owner, record, 'failed', reason);
  }

  /** Cluster API deletes nothing that is paused. The nodes are told to stop first, and get some time for it. */
  async function letGo(key: Key, owner: JsonObject, record: ExternalRecord): Promise<void> {
    if (!isPausedByUs(texts(owner, 'metadata', 'annotations'))) return;
    if (record.state === 'running' && isWithin(owner, DELETION_HELD_SECONDS, clock.now())) {
      const name = record.workflow ?? '';
      const workflow = store.workflow(key.namespace, name) ?? (await store.readWorkflow(key.namespace, name));
      if (workflow && !workflow.stopping) await store.stopWorkflow(key.namespace, name);
      if (workflow && workflow.finishedAt === undefined) return;
    }
    await write.unpauseSets(owner);
    await write.end(owner, record, 'failed', 'it is being deleted', { [PAUSED_ANNOTATION]: null });
  }

  /** Somebody opted in to that after the failure. */
  async function giveBack(owner: JsonObject, record: ExternalRecord): Promise<void> {
    await write.unpauseSets(owner);
    await write.end(owner, record, 'failed', `${record.reason ?? 'failed'}; released`);
  }

  function tellUnreadable(owner: JsonObject): void {
    const what = `annotation ${EXTERNAL_ANNOTATION}: its record is unreadable: correct it, or remove it with the pause`;
    tell(owner, 'Warning', 'ExternalUpgradeUnreadable', what);
  }

  function tell(owner: JsonObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    announce(subjectOf(owner), type, reason, message);
  }

  return { reconcile };
}

const WAYS_OUT =
  'set it back to what its Machines are, remove what is in the way, or let Cluster API replace them ' +
  `(annotation ${FALLBACK_ANNOTATION}: rolling)`;

function isWithin(owner: JsonObject, seconds: number, now: Date): boolean {
  const since = Date.parse(text(owner, 'metadata', 'deletionTimestamp') ?? '');
  return (now.getTime() - since) / 1000 <= seconds;
}
