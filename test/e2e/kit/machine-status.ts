// What Cluster API's Machine controller mirrors from Nodes to Machines: Refit asks the Machines only.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { MACHINES } from '../../../src/hook/kubernetes/resources.ts';
import { NODES } from '../../../src/steps/api/paths.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';

const EVERY_MS = 1000;

export interface Mirror {
  close(): Promise<void>;
}

/** Once a second; while the API is away, nothing is mirrored. */
export function mirrorNodes(site: Site): Mirror {
  let isClosed = false;
  const ended = (async () => {
    while (!isClosed) {
      await mirrorOnce(site).catch(() => undefined);
      await sleep(EVERY_MS);
    }
  })();
  return {
    async close() {
      isClosed = true;
      await ended;
    },
  };
}

async function mirrorOnce({ api, namespace }: Site): Promise<void> {
  const [machines, nodes] = await Promise.all([
    expectOk(api.get(MACHINES.path(namespace))),
    expectOk(api.get(NODES)),
  ]);
  for (const machine of list(machines, 'items')) {
    const name = text(machine, 'status', 'nodeRef', 'name');
    const node = list(nodes, 'items').find((one) => text(one, 'metadata', 'name') === name);
    const status = node && mirrored(machine, node);
    if (!status) continue;
    const target = `${MACHINES.path(namespace, text(machine, 'metadata', 'name'))}/status`;
    await expectOk(api.patch(target, { status }));
  }
}

/** What has to be written; undefined: nothing. Pure. */
export function mirrored(machine: JsonValue, node: JsonValue): JsonObject | undefined {
  const nodeInfo = at(node, 'status', 'nodeInfo') ?? {};
  const ready = conditionOf(node, 'Ready');
  const state = text(ready, 'status') ?? 'Unknown';
  const known = conditionOf(machine, 'NodeReady');
  const versions = [machine, node].map((one) => text(one, 'status', 'nodeInfo', 'kubeletVersion'));
  if (versions[0] === versions[1] && text(known, 'status') === state) return undefined;
  const condition = {
    ...{ type: 'NodeReady', status: state, reason: text(ready, 'reason') ?? 'NodeReady', message: '' },
    lastTransitionTime: text(ready, 'lastTransitionTime') ?? '1970-01-01T00:00:00Z',
  };
  const others = list(machine, 'status', 'conditions').filter((one) => text(one, 'type') !== 'NodeReady');
  return { nodeInfo: knownFields(nodeInfo), conditions: [...others, condition] };
}

function conditionOf(object: JsonValue, type: string): JsonValue | undefined {
  return list(object, 'status', 'conditions').find((one) => text(one, 'type') === type);
}

/** A newer kubelet may report more than the Machine's schema has. */
function knownFields(nodeInfo: JsonValue): JsonObject {
  return Object.fromEntries(NODE_INFO.map((key) => [key, text(nodeInfo, key) ?? '']));
}

const NODE_INFO = [
  ...['architecture', 'bootID', 'containerRuntimeVersion', 'kernelVersion', 'kubeProxyVersion'],
  ...['kubeletVersion', 'machineID', 'operatingSystem', 'osImage', 'systemUUID'],
];
