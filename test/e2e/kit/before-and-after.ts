// What must be so after an upgrade, whatever happened on the way to it.
import { expect } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { certificates, filesOf, leftovers, type NodeFacts, nodeFacts } from './node-facts.ts';
import { type NodeState, nodeState, operationSummary } from './node-state.ts';
import type { Site } from './site.ts';
import { NEW, OLD } from './versions.ts';

export interface Before {
  facts: NodeFacts;
  state: NodeState;
  files: ReadonlySet<string>;
  certificates: Record<string, string>;
}

export async function lookBefore(site: Site, node: E2eNode): Promise<Before> {
  return {
    facts: nodeFacts(node),
    state: await nodeState(site, node),
    files: filesOf(node),
    certificates: certificates(node),
  };
}

/** By its own word and by the API's: the same node at the new version, in order, with nothing left behind. */
export async function expectUpgraded(
  site: Site,
  node: E2eNode,
  before: Before,
  operation: number,
): Promise<void> {
  const { facts } = before;
  expect(facts).toMatchObject({ kubelet: OLD, runningKubelet: OLD, kubeadm: OLD });
  const now = nodeFacts(node);
  expect(now).toEqual({
    ...facts,
    ...{ kubelet: NEW, runningKubelet: NEW, kubeadm: NEW, kubectl: NEW },
    controlPlane: upgraded(facts.controlPlane),
  });
  const state = await nodeState(site, node);
  expect(state).toEqual({
    ...{ uid: before.state.uid, kubeletVersion: NEW, ready: 'True', isCordoned: false },
    staticPods: upgraded(before.state.staticPods),
  });
  expect(await operationSummary(site, node)).toBe(`${operation} succeeded to ${NEW}`);
  await expectNothingLeft(node, before);
}

/** At the old version, ready, and with nothing left behind: a step failed and was put back. */
export async function expectRestored(site: Site, node: E2eNode, before: Before): Promise<void> {
  const { kubelet, runningKubelet, machineId } = nodeFacts(node);
  const { facts } = before;
  expect({ kubelet, runningKubelet, machineId }).toEqual({
    ...{ kubelet: OLD, runningKubelet: OLD, machineId: facts.machineId },
  });
  await eventually(
    `Node ${node.name} Ready`,
    async () => (await nodeState(site, node)).ready === 'True',
    120,
  );
  expect(await nodeState(site, node)).toMatchObject({ uid: before.state.uid, kubeletVersion: OLD });
  await expectNothingLeft(node, before);
}

/** The last report is there a moment before the unit has tidied up. */
async function expectNothingLeft(node: E2eNode, { files }: Before): Promise<void> {
  await eventually(
    `nothing left on ${node.name}`,
    () => {
      const left = leftovers(node, files);
      return left.length === 0 || left.join(', ');
    },
    30,
  );
}

/** Of versions or tags by component. etcd has a version of its own, a newer one. */
function upgraded(before: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(before).map(([name, version]) => [name, name === 'etcd' ? newEtcd(version) : NEW]),
  );
}

function newEtcd(before: string | undefined): unknown {
  expect(before).toMatch(/^v?3\.5\./);
  return expect.stringMatching(/^v?3\.6\./);
}
