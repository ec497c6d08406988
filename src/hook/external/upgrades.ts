// Brings an owner that the webhook paused on: decides, makes its Workflow, or says why not; and closes what was left.
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { endAnnotations, isReleased, type End } from '../../api/external-release.ts';
import {
  isHeld,
  isPausedByUs,
  readExternal,
  writeExternal,
  type ExternalRecord,
} from '../../api/external-record.ts';
import { text, texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { FALLBACK_ANNOTATION, RETRY_ANNOTATION } from '../../api/labels.ts';
import { operationName } from '../../api/names.ts';
import { externalUpgradeWorkflow } from '../../generators/external-upgrade.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { ownerPath, type ExternalReads } from '../../kubernetes/external-reads.ts';
import { releaseSets, writePatch } from '../../kubernetes/external-writes.ts';
import { decideExternal, type MachineUpgrade } from '../../plan/external.ts';
import type { Announce } from '../announce.ts';
import type { Log } from '../log.ts';
import type { PolicyOf } from '../policies.ts';
import type { Store, WorkflowView } from '../store.ts';
import type { OwnerView } from './owners.ts';
import { findSituation, type Found } from './situation.ts';

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

  /** Nothing happens for an owner that is not ours to move on. */
  async function reconcile(key: Key): Promise<void> {
    const owner: JsonObject = {
      ...(await client.get(ownerPath(key.kind, key.namespace, key.name))),
      kind: key.kind,
    };
    const annotations = texts(owner, 'metadata', 'annotations');
    const record = readExternal(annotations);
    if (record === undefined) return;
    if (record === 'invalid') {
      tell(
        owner,
        'Warning',
        'ExternalUpgradeUnreadable',
        'its record is unreadable: correct or remove the annotation',
      );
      return;
    }
    if (record.state === 'running') return follow(key, owner, record);
    if (!isPausedByUs(annotations)) return;
    if (isHeld(record)) return decide(key, record);
    if (record.state !== 'failed') return;
    if (RETRY_ANNOTATION in annotations) return void (await again(key, owner, record));
    if (isReleased(annotations, 'failed')) await giveBack(key, owner, record);
  }

  async function decide(key: Key, record: ExternalRecord): Promise<void> {
    const found = await findOrDecline(key);
    const decision =
      'declined' in found ? found : decideExternal(found.situation, options.policy(found.cluster));
    if ('declined' in decision) return decline(key, record, decision.declined);
    if (!('situation' in found)) return;
    if (decision.upgrades.length === 0) return finish(key, found, record);
    await start(key, found, record, decision.upgrades);
  }

  /** What cannot be read for good is a reason like any other. */
  async function findOrDecline(key: Key): Promise<Found | { declined: string }> {
    try {
      return await findSituation(options, key);
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
      return decline(key, record, `its Workflow was refused: ${error.message}`);
    }
    await writeRecord(key, owner, {
      version: 1,
      number,
      state: 'running',
      to: ask.version,
      workflow: operationName(ask, number),
      startedAt: clock.now().toISOString(),
      ...(ask.release === undefined ? {} : { release: ask.release }),
      ...(record.applied === undefined ? {} : { applied: record.applied }),
    });
    const names = upgrades.map(({ name }) => name).join(', ');
    tell(owner, 'Normal', 'ExternalUpgradeStarted', `upgrade ${number} to ${ask.version}: ${names}`);
  }

  /** Every Machine is as the owner asks: also after an edit was taken back. */
  async function finish(key: Key, { owner, situation }: Found, record: ExternalRecord): Promise<void> {
    await releaseSets(client, key.namespace, owner, situation.machineSets, true);
    await end(key, owner, record, { state: 'succeeded', reason: 'nothing to do', now: clock.now() });
  }

  async function decline(key: Key, record: ExternalRecord, reason: string): Promise<void> {
    const owner: JsonObject = {
      ...(await client.get(ownerPath(key.kind, key.namespace, key.name))),
      kind: key.kind,
    };
    const releases = isReleased(texts(owner, 'metadata', 'annotations'), 'declined');
    const what = releases
      ? `${reason}. Cluster API does it by replacing Machines (annotation ${FALLBACK_ANNOTATION})`
      : `${reason}. It stays paused: ${WAYS_OUT}`;
    tell(owner, 'Warning', 'ExternalUpgradeDeclined', what);
    if (!releases && record.state === 'declined' && record.reason === reason) return;
    await end(key, owner, record, { state: 'declined', reason, now: clock.now() });
  }

  /** The exit handler writes the last word; this is for when it could not. */
  async function follow(key: Key, owner: JsonObject, record: ExternalRecord): Promise<void> {
    const name = record.workflow ?? '';
    const workflow = store.workflow(key.namespace, name) ?? (await store.readWorkflow(key.namespace, name));
    if (workflow && workflow.finishedAt === undefined) return;
    const reason = workflow ? reasonOf(workflow) : `Workflow ${name} was deleted before it ended`;
    const final: End = { state: 'failed', reason, now: clock.now() };
    await end(key, owner, record, final);
    if (isReleased(texts(owner, 'metadata', 'annotations'), 'failed')) await unpauseSets(key, owner);
  }

  async function again(key: Key, owner: JsonObject, record: ExternalRecord): Promise<void> {
    const { number, to, applied } = record;
    const next: ExternalRecord = {
      version: 1,
      number: number + 1,
      state: 'requested',
      to,
      ...(applied === undefined ? {} : { applied }),
    };
    await writeRecord(key, owner, next, { [RETRY_ANNOTATION]: null });
  }

  /** Somebody opted in to that after the failure. */
  async function giveBack(key: Key, owner: JsonObject, record: ExternalRecord): Promise<void> {
    await unpauseSets(key, owner);
    await end(key, owner, record, {
      state: 'failed',
      reason: `${record.reason ?? 'failed'}; released`,
      now: clock.now(),
    });
  }

  async function unpauseSets({ namespace, ...key }: Key, owner: JsonObject): Promise<void> {
    if (key.kind !== 'MachineDeployment') return;
    const found = await findOrDecline({ namespace, ...key });
    if ('situation' in found) await releaseSets(client, namespace, owner, found.situation.machineSets, false);
  }

  async function end(key: Key, owner: JsonObject, record: ExternalRecord, final: End): Promise<void> {
    const annotations = endAnnotations(owner, record, final);
    await writePatch(client, ownerPath(key.kind, key.namespace, key.name), owner, {
      metadata: { annotations },
    });
    const { state, reason } = final;
    log.info({ owner: nameOf(key), upgrade: record.number, state, reason }, 'external upgrade');
    if (state === 'failed')
      tell(owner, 'Warning', 'ExternalUpgradeFailed', `upgrade ${record.number}: ${reason ?? ''}`);
    if (state === 'succeeded')
      tell(owner, 'Normal', 'ExternalUpgradeFinished', `upgrade ${record.number}: ${reason ?? 'done'}`);
  }

  async function writeRecord(
    key: Key,
    owner: JsonObject,
    record: ExternalRecord,
    more: Record<string, null> = {},
  ) {
    const annotations = { ...writeExternal(record), ...more };
    await writePatch(client, ownerPath(key.kind, key.namespace, key.name), owner, {
      metadata: { annotations },
    });
    log.info({ owner: nameOf(key), upgrade: record.number, state: record.state }, 'external upgrade');
  }

  function tell(owner: JsonObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const [namespace, name, uid] = ['namespace', 'name', 'uid'].map(
      (field) => text(owner, 'metadata', field) ?? '',
    );
    const kind = text(owner, 'kind') === 'KubeadmControlPlane' ? 'KubeadmControlPlane' : 'MachineDeployment';
    announce({ kind, namespace: namespace ?? '', name: name ?? '', uid: uid ?? '' }, type, reason, message);
  }

  return { reconcile };
}

const WAYS_OUT =
  'set it back to what its Machines are, remove what is in the way, or let Cluster API replace them ' +
  `(annotation ${FALLBACK_ANNOTATION}: rolling)`;

function reasonOf(workflow: WorkflowView): string {
  const failed = workflow.tasks.find((task) => task.phase === 'Failed' || task.phase === 'Error');
  const why = failed
    ? `${failed.name}: ${failed.message ?? failed.phase}`
    : (workflow.message ?? workflow.phase);
  return `Workflow ${workflow.name} ended ${workflow.phase} and could not record it: ${why}`;
}

function nameOf({ kind, namespace, name }: Key): string {
  return `${kind} ${namespace}/${name}`;
}
