// The request of a client: what is refused, what is started, and how far it is.
import { isOwnerKind, type Ask } from '../../api/external-owner.ts';
import { isPausedByUs, knownExternal, type ExternalRecord } from '../../api/external-record.ts';
import { patched } from '../../api/external-desired.ts';
import { externalResponse, type ExternalRequest, type ExternalResponse } from '../../api/external-request.ts';
import { StatusError } from '../../api/errors.ts';
import { at, text, texts } from '../../api/fields.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { RELEASE_ANNOTATION, RETRY_ANNOTATION } from '../../api/labels.ts';
import { mergePatchBetween } from '../../api/merge-patch.ts';
import { knownRecord } from '../../api/operation.ts';
import { decideExternal, type ExternalDecision } from '../../plan/external.ts';
import { namesRefusal, whatOf } from '../../plan/external-refusals.ts';
import { findSituation, readOwner, type Found } from './situation.ts';
import type { Upgrades, UpgradesOptions } from './upgrades.ts';

export interface AnswerOptions extends Pick<
  UpgradesOptions,
  'client' | 'reads' | 'store' | 'policy' | 'clock'
> {
  upgrades: Upgrades;
}

/** Asked again it tells the progress. Errors: Unavailable, Conflict: ask again. */
export async function answerExternal(
  options: AnswerOptions,
  request: ExternalRequest,
): Promise<ExternalResponse> {
  const { namespace } = request.cluster;
  const { kind, name } = request.owner;
  if (!isOwnerKind(kind)) {
    return declined(`owner kind: got ${kind}, expected KubeadmControlPlane or MachineDeployment`);
  }
  const key = { kind, namespace, name };
  try {
    const found = await findSituation(options, key, request.machines);
    const mistake = mistakeIn(found, request);
    if (mistake !== undefined) return declined(mistake);
    const annotations = texts(found.owner, 'metadata', 'annotations');
    const record = knownExternal(annotations);
    if (record?.state === 'running') return onRunning(options, found, record);
    const decision = judge(options, found, request);
    if ('declined' in decision) return declined(decision.declined);
    if (decision.upgrades.length === 0) return upToDate(found, decision);
    if (record?.state === 'failed')
      return declined(
        `upgrade ${record.number} failed: ${record.reason ?? ''}; set annotation ${RETRY_ANNOTATION} on the owner`,
      );
    if (record === undefined || !isPausedByUs(annotations)) {
      return declined(
        `${whatOf(found.ask)}: Cluster API acts on it, since it is not paused: wait until it has ended, then change it`,
      );
    }
    await options.upgrades.reconcile(key);
    return await begun(options, key, found, decision.upgrades.length);
  } catch (error) {
    if (error instanceof StatusError && ['BadInput', 'NotFound'].includes(error.reason))
      return declined(error.message);
    throw error;
  }
}

/** Of another upgrade than the owner's. */
function mistakeIn({ ask, situation }: Found, { cluster, release }: ExternalRequest): string | undefined {
  if (ask.cluster !== cluster.name)
    return `${whatOf(ask)}: of Cluster ${ask.cluster}, expected ${cluster.name}: name an owner of that Cluster`;
  if (release !== undefined && release !== ask.release)
    return `release: got ${release}, but the owner asks for ${ask.release ?? 'none'}: set its annotation ${RELEASE_ANNOTATION}`;
  return namesRefusal(
    situation,
    situation.machines.map(({ machine }) => machine),
  );
}

function judge({ policy }: AnswerOptions, found: Found, request: ExternalRequest): ExternalDecision {
  const decision = decideExternal(found.situation, policy(found.cluster));
  if ('declined' in decision) return decision;
  const other = differsFrom(found, decision, request);
  return other === undefined ? decision : { declined: other };
}

/** What the look has led to: Argo, for example, may have refused the Workflow. */
async function begun(
  { client }: AnswerOptions,
  key: Parameters<typeof readOwner>[1],
  { ask }: Found,
  count: number,
): Promise<ExternalResponse> {
  const record = knownExternal(texts(await readOwner(client, key), 'metadata', 'annotations'));
  if (record?.state === 'running') return accepted(`${whatOf(ask)}: to ${ask.version}`, count, 0);
  return declined(record?.reason ?? `${whatOf(ask)} was changed meanwhile: ask again`);
}

/** The owner decides: what a client takes for desired may only be the same. */
function differsFrom(
  { situation }: Found,
  decision: ExternalDecision,
  request: ExternalRequest,
): string | undefined {
  if ('declined' in decision) return undefined;
  for (const { name, patches } of decision.upgrades) {
    const now = situation.machines.find(({ machine }) => text(machine, 'metadata', 'name') === name);
    if (!now) continue;
    const then = patched(now, patches);
    for (const part of ['machine', 'bootstrapConfig', 'infrastructureMachine'] as const) {
      const given = request[part];
      const ours = at(then[part], 'spec');
      if (given === undefined || !isObject(ours)) continue;
      const [field] = Object.keys(mergePatchBetween(ours, given as JsonObject)).filter((key) =>
        hasMember(given, key),
      );
      if (field !== undefined) {
        return `${part} ${field}: got another value than the owner asks for Machine ${name}: change the owner, and leave it out here`;
      }
    }
  }
  return undefined;
}

/** A client may leave out what it does not know. */
function hasMember(given: Readonly<Record<string, JsonValue>>, key: string): boolean {
  return Object.hasOwn(given, key);
}

function onRunning(
  { store }: AnswerOptions,
  { ask, situation }: Found,
  record: ExternalRecord,
): ExternalResponse {
  const workflow = store.workflow(ask.namespace, record.workflow ?? '');
  const machines = workflow?.tasks.filter(({ name }) => name.startsWith('machine-')) ?? [];
  const done = situation.machines.filter(({ machine }) => isDone(machine, ask)).length;
  const running = machines.filter(({ phase }) => phase === 'Running').map(({ name }) => name);
  const what = running.length > 0 ? `${running.join(', ')} running` : 'waiting';
  return accepted(`upgrade ${record.number} to ${record.to}: ${what}`, situation.machines.length, done);
}

function isDone(machine: JsonObject, ask: Ask): boolean {
  const record = knownRecord(texts(machine, 'metadata', 'annotations'));
  const isOpen = record?.workflow !== undefined && record.state !== 'succeeded';
  return !isOpen && text(machine, 'spec', 'version') === ask.version;
}

function upToDate(
  { situation }: Found,
  decision: Extract<ExternalDecision, { upgrades: unknown }>,
): ExternalResponse {
  const ready = situation.machines.every(({ machine }) => isReady(machine));
  return externalResponse({
    accepted: true,
    reason: 'every Machine is as its owner asks',
    upgraded: decision.upToDate.length,
    ready,
  });
}

function isReady(machine: JsonObject): boolean {
  const conditions = at(machine, 'status', 'conditions');
  return (
    Array.isArray(conditions) &&
    conditions.some((each) => text(each, 'type') === 'NodeReady' && text(each, 'status') === 'True')
  );
}

function accepted(reason: string, requireUpgrade: number, upgraded: number): ExternalResponse {
  return externalResponse({ accepted: true, reason, requireUpgrade, upgraded });
}

function declined(reason: string): ExternalResponse {
  return externalResponse({ accepted: false, reason });
}
