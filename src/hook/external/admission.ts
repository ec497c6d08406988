// What the admission webhooks answer. Pure: gives the answer to a review, and changes nothing.
import { askDigest, askedVersion, capiWork } from '../../api/external-owner.ts';
import {
  isPausedByOthers,
  isPausedByUs,
  knownExternal,
  writeExternal,
  type ExternalRecord,
} from '../../api/external-record.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { text, texts } from '../../api/fields.ts';
import { isDeeperThan, isObject, member, type JsonObject } from '../../api/json.ts';
import {
  EXTERNAL_ANNOTATION,
  PAUSED_ANNOTATION,
  PAUSED_BY_US,
  STRATEGY_EXTERNAL,
  STRATEGY_LABEL,
} from '../../api/labels.ts';

export interface Review {
  uid: string;
  object: JsonObject;
  oldObject: JsonObject;
}

export interface Verdict {
  allowed: boolean;
  /** Why not. */
  message?: string;
  warnings?: string[];
  /** Of metadata.annotations of the object: all of them. */
  annotations?: Record<string, string>;
}

const ALLOWED: Verdict = { allowed: true };

/** No object of Cluster API has as many; anybody may ask. */
const MAX_DEPTH = 200;

/** Errors: BadInput when it is not a review of an update. */
export function decodeReview(body: unknown): Review {
  if (isDeeperThan(body, MAX_DEPTH)) {
    throw new StatusError(`request: got more than ${MAX_DEPTH} levels of nesting`, { reason: 'BadInput' });
  }
  const request = isObject(body) ? member(body, 'request') : undefined;
  const uid = text(request, 'uid');
  if (uid === undefined) throw badInput('request.uid', uid, 'an AdmissionReview');
  const [object, oldObject] = [member(request, 'object'), member(request, 'oldObject')];
  if (!isObject(object) || !isObject(oldObject))
    throw badInput('request.object', object, 'an update, with both objects');
  return { uid, object, oldObject };
}

export function reviewResponse(
  uid: string,
  { allowed, message, warnings, annotations }: Verdict,
): JsonObject {
  const patch = annotations && [{ op: 'add', path: '/metadata/annotations', value: annotations }];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(message === undefined ? {} : { status: { code: 403, reason: 'Forbidden', message } }),
      ...(warnings === undefined ? {} : { warnings }),
      ...(patch === undefined
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    },
  };
}

/**
 * An owner whose upgrades Refit does: paused in the very write that makes its Machines outdated, since its controller
 * would act on the next look. A write by a program that does not know of our annotations keeps them.
 */
export function admitOwner({ object, oldObject }: Review): Verdict {
  const [now, before] = [annotationsOf(object), annotationsOf(oldObject)];
  // The way out for people: without the label Refit has no say.
  if (texts(object, 'metadata', 'labels')[STRATEGY_LABEL] !== STRATEGY_EXTERNAL) return ALLOWED;
  if (text(oldObject, 'metadata', 'deletionTimestamp') !== undefined) return ALLOWED;
  if (askDigest(object) !== askDigest(oldObject)) return onEdit(object, oldObject);
  return isDropped(now, before) ? kept(now, before) : ALLOWED;
}

function onEdit(object: JsonObject, oldObject: JsonObject): Verdict {
  const [now, before] = [annotationsOf(object), annotationsOf(oldObject)];
  const record = knownExternal(before);
  if (record?.state === 'running') {
    const message =
      `an upgrade to ${record.to} runs (Workflow ${record.workflow ?? 'unknown'}): wait until it has ended, or stop the ` +
      'Workflow, then change this again';
    return { allowed: false, message };
  }
  // Of an owner that we paused they are as they were then.
  const work = isPausedByUs(before) ? undefined : capiWork(oldObject);
  if (isPausedByOthers(now)) {
    const then = work === undefined ? 'Refit upgrades it' : `Cluster API goes on with it (condition ${work})`;
    const warning = `paused by somebody else: nothing happens until annotation ${PAUSED_ANNOTATION} is removed, then ${then}`;
    const annotations = { ...now, ...writeExternal(requested(object, record)) };
    return { allowed: true, warnings: [warning], ...(work === undefined ? { annotations } : {}) };
  }
  if (work !== undefined) {
    const message =
      `Cluster API is at work on it (condition ${work}), and would be stopped in the middle: change it again when that ` +
      `has ended. Without label ${STRATEGY_LABEL} the change is Cluster API's, which replaces Machines`;
    return { allowed: false, message };
  }
  return {
    allowed: true,
    annotations: { ...now, [PAUSED_ANNOTATION]: PAUSED_BY_US, ...writeExternal(requested(object, record)) },
  };
}

function requested(object: JsonObject, last: ExternalRecord | undefined): ExternalRecord {
  return {
    version: 1,
    number: (last?.number ?? 0) + 1,
    state: 'requested',
    to: askedVersion(object) ?? 'none',
    ...(last?.applied === undefined ? {} : { applied: last.applied }),
  };
}

/**
 * Would the write give Machines that are not up to date to Cluster API, or hide what is known of them? A pause of
 * somebody else goes over to us when it is taken away. Our own release changes the record in the same write.
 */
function isDropped(now: Record<string, string>, before: Record<string, string>): boolean {
  const record = knownExternal(before);
  if (!(PAUSED_ANNOTATION in before) || record === undefined || record.state === 'succeeded') return false;
  if ((now[EXTERNAL_ANNOTATION] ?? before[EXTERNAL_ANNOTATION]) !== before[EXTERNAL_ANNOTATION]) return false;
  return !(PAUSED_ANNOTATION in now) || !(EXTERNAL_ANNOTATION in now);
}

function kept(now: Record<string, string>, before: Record<string, string>): Verdict {
  const held = before[EXTERNAL_ANNOTATION];
  const warning =
    `annotation ${PAUSED_ANNOTATION} stays: Refit upgrades this object's Machines. To take it from Refit, remove label ` +
    `${STRATEGY_LABEL}; Cluster API then replaces Machines that are not up to date`;
  return {
    allowed: true,
    warnings: [warning],
    annotations: {
      ...now,
      [PAUSED_ANNOTATION]: now[PAUSED_ANNOTATION] ?? PAUSED_BY_US,
      ...(held === undefined ? {} : { [EXTERNAL_ANNOTATION]: held }),
    },
  };
}

function annotationsOf(object: JsonObject): Record<string, string> {
  return texts(object, 'metadata', 'annotations');
}
