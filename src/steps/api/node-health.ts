// Does a Node show that it was updated and works? Pure.
import { unlikeDesired } from '../../api/completion.ts';
import type { JsonObject } from '../../api/json.ts';
import { text } from '../../kubernetes/fields.ts';
import { condition, conditionStatus, nodeState } from './node.ts';

export interface Wanted {
  kubernetes: string;
  /** Like 2.1.4; undefined: not known. */
  containerd: string | undefined;
  /** What the kubelet said before this is old. By the clock of the node. */
  since: Date;
}

/** Each names got and expected. The Lease is the node's: it is renewed more often than the Node's status. */
export function nodeProblems(node: JsonObject, lease: JsonObject | undefined, wanted: Wanted): string[] {
  const { kubernetes, containerd, since } = wanted;
  const runtime = text(node, 'status', 'nodeInfo', 'containerRuntimeVersion') ?? 'none';
  const beats = [text(condition(node, 'Ready'), 'lastHeartbeatTime'), text(lease, 'spec', 'renewTime')];
  const isFresh = beats.some((beat) => beat !== undefined && Date.parse(beat) > since.getTime());
  return [
    ...unlikeDesired(nodeState(node), kubernetes),
    ...(isFresh
      ? []
      : [`heartbeat: got ${latest(beats) ?? 'none'}, expected one after ${since.toISOString()}`]),
    ...(conditionStatus(node, 'DiskPressure') === 'True'
      ? ['condition DiskPressure: got True, expected False']
      : []),
    ...(containerd === undefined || runtime === `containerd://${containerd}`
      ? []
      : [`container runtime: got ${runtime}, expected containerd://${containerd}`]),
  ];
}

function latest(beats: readonly (string | undefined)[]): string | undefined {
  return beats.filter((beat) => beat !== undefined).sort((a, b) => Date.parse(b) - Date.parse(a))[0];
}
