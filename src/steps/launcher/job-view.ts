// What a Job and its pods tell about a launch. Pure.
import { EXIT } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import type { StepReport } from '../../api/step-result.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { at, list, text } from '../../kubernetes/fields.ts';
import { CONTAINER } from './node-job.ts';
import { reportIn } from '../../api/step-result.ts';

export interface PodView {
  name: string;
  uid: string;
  /** waiting: its container has not started. */
  state: 'waiting' | 'running' | 'ended';
  /** Of a container that ended, unless the pod ended without one. */
  exitCode: number | undefined;
  /** waiting: why. ended: the termination message, else what Kubernetes says. */
  message: string;
}

/** The pod that counts: one that reported, else the newest. Pods of an earlier Job of the same name are not looked at. */
export function podOf(job: JsonObject, pods: readonly JsonValue[]): PodView | undefined {
  const uid = text(job, 'metadata', 'uid');
  const isOurs = (pod: JsonValue): boolean =>
    list(pod, 'metadata', 'ownerReferences').some((owner) => text(owner, 'uid') === uid);
  const views = pods
    .filter(isObject)
    .filter(isOurs)
    .sort((a, b) => createdAt(a).localeCompare(createdAt(b)) || nameOf(a).localeCompare(nameOf(b)))
    .map(podView);
  return views.findLast((view) => reportIn(view.message) !== undefined) ?? views.at(-1);
}

/** Why it ended; undefined: it has not. */
export function endOf(job: JsonObject): string | undefined {
  const ended = list(job, 'status', 'conditions').find(
    (condition) =>
      ['Complete', 'Failed'].includes(text(condition, 'type') ?? '') && text(condition, 'status') === 'True',
  );
  if (ended === undefined) return undefined;
  const words = [text(ended, 'type'), text(ended, 'reason'), text(ended, 'message')];
  return words.filter((word) => word !== undefined).join(', ');
}

/** The report of a pod that has ended. Errors: BadInput when the host refused what it was given, with its reason. */
export function accepted(pod: PodView, report: StepReport | undefined): StepReport | undefined {
  if (pod.exitCode !== EXIT.badInput) return report;
  const reason = report?.result.message ?? pod.message;
  throw new StatusError(reason || 'the host refused its input without a reason', { reason: 'BadInput' });
}

/** The last warning about one of these objects: why a pod is not made, or does not start. */
export function lastWarning(events: readonly JsonValue[], names: readonly string[]): string | undefined {
  const when = (event: JsonValue): string =>
    text(event, 'lastTimestamp') ??
    text(event, 'eventTime') ??
    text(event, 'metadata', 'creationTimestamp') ??
    '';
  const [last] = events
    .filter((event) => text(event, 'type') === 'Warning')
    .filter((event) => names.includes(text(event, 'involvedObject', 'name') ?? ''))
    .sort((a, b) => when(b).localeCompare(when(a)));
  return last === undefined ? undefined : words(text(last, 'reason'), text(last, 'message'));
}

function podView(pod: JsonObject): PodView {
  const container = list(pod, 'status', 'containerStatuses').find((each) => text(each, 'name') === CONTAINER);
  const view = { name: nameOf(pod), uid: text(pod, 'metadata', 'uid') ?? '' };
  const ended = at(container, 'state', 'terminated');
  if (ended !== undefined) {
    const exitCode = at(ended, 'exitCode');
    return {
      ...view,
      state: 'ended',
      exitCode: typeof exitCode === 'number' ? exitCode : undefined,
      message: text(ended, 'message') ?? text(ended, 'reason') ?? '',
    };
  }
  const why = words(text(pod, 'status', 'reason'), text(pod, 'status', 'message'));
  // Refused by the kubelet, or evicted before it started.
  if (['Failed', 'Succeeded'].includes(text(pod, 'status', 'phase') ?? '')) {
    return { ...view, state: 'ended', exitCode: undefined, message: why };
  }
  if (at(container, 'state', 'running') !== undefined) {
    return { ...view, state: 'running', exitCode: undefined, message: '' };
  }
  const waiting = at(container, 'state', 'waiting');
  const message = words(text(waiting, 'reason'), text(waiting, 'message')) || why;
  return { ...view, state: 'waiting', exitCode: undefined, message };
}

function words(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(': ');
}

function createdAt(pod: JsonObject): string {
  return text(pod, 'metadata', 'creationTimestamp') ?? '';
}

function nameOf(object: JsonObject): string {
  return text(object, 'metadata', 'name') ?? '';
}
