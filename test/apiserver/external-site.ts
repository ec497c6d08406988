// A namespace with owners whose upgrades Refit does, their Machines and all that these are made of, on a real API server.
import { randomBytes } from 'node:crypto';
import { without } from '../../src/api/fields.ts';
import { isObject, type JsonObject } from '../../src/api/json.ts';
import { at, list, text } from '../../src/kubernetes/fields.ts';
import { machineSetPath, machinesPath, ownerPath } from '../../src/kubernetes/external-reads.ts';
import { CLUSTERS } from '../../src/hook/kubernetes/resources.ts';
import { clusterObject, STRICT } from './site.ts';
import { type Api, expectOk } from './api.ts';
import { applyCrds } from './crds.ts';
import { controlPlane, FROM, machineDeployment, machineOf, machineSet } from '../helpers/external.ts';
import { edited, type Edit } from '../helpers/requests.ts';

const INFRASTRUCTURE = 'infrastructure.cluster.x-k8s.io';
const BOOTSTRAP = '/apis/bootstrap.cluster.x-k8s.io/v1beta2';

/** An infrastructure provider that nobody else has, without a schema. */
export async function installMetal(api: Api): Promise<void> {
  const crd = (plural: string, kind: string) => ({
    group: INFRASTRUCTURE,
    plural,
    content: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${INFRASTRUCTURE}` },
      spec: {
        group: INFRASTRUCTURE,
        scope: 'Namespaced',
        names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: OPEN } }],
      },
    },
  });
  await applyCrds(api, [
    crd('metalmachines', 'MetalMachine'),
    crd('metalmachinetemplates', 'MetalMachineTemplate'),
  ]);
}

const OPEN = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

export interface OwnedSite {
  namespace: string;
  controlPlane: string;
  deployment: string;
}

/** A control plane of one and two workers, all at FROM, as Cluster API leaves them. */
export async function createOwnedSite(api: Api): Promise<OwnedSite> {
  const namespace = `refit-test-${randomBytes(4).toString('hex')}`;
  await expectOk(api.create('/api/v1/namespaces', { metadata: { name: namespace } }));
  await expectOk(api.create(CLUSTERS.path(namespace) + STRICT, clusterObject(namespace, 'edge')));
  const infrastructure = `/apis/${INFRASTRUCTURE}/v1beta1/namespaces/${namespace}`;
  for (const name of ['cp-1', 'md-1']) {
    await make(api, `${infrastructure}/metalmachinetemplates`, {
      ...{
        apiVersion: `${INFRASTRUCTURE}/v1beta1`,
        kind: 'MetalMachineTemplate',
        metadata: { namespace, name },
      },
      spec: { template: { spec: { image: 'a' } } },
    });
  }
  await make(api, `${BOOTSTRAP}/namespaces/${namespace}/kubeadmconfigtemplates`, {
    ...{ apiVersion: 'bootstrap.cluster.x-k8s.io/v1beta2', kind: 'KubeadmConfigTemplate' },
    metadata: { namespace, name: 'md-1' },
    spec: { template: { spec: { verbosity: 2 } } },
  });
  const own = ['/metadata/namespace', namespace] as const;
  const kcp = await make(
    api,
    ownerPath('KubeadmControlPlane', namespace),
    controlPlane(own, ['/spec/version', FROM]),
  );
  const md = await make(
    api,
    ownerPath('MachineDeployment', namespace),
    machineDeployment(own, ['/spec/template/spec/version', FROM], ['/spec/selector', SELECTOR], LABELLED),
  );
  const set = await make(
    api,
    machineSetPath(namespace),
    machineSet('edge-md-1', own, ['/spec/selector', SELECTOR], LABELLED, ownedBy(md)),
  );
  await makeMachine(api, infrastructure, namespace, 'KubeadmControlPlane', 'cp-a', kcp);
  for (const name of ['md-a', 'md-b'])
    await makeMachine(api, infrastructure, namespace, 'MachineDeployment', name, set);
  return { namespace, controlPlane: 'edge-cp', deployment: 'edge-md' };
}

const SELECTOR = { matchLabels: { pool: 'md' } };
const LABELLED: Edit = ['/spec/template/metadata', { labels: SELECTOR.matchLabels }];

async function makeMachine(
  api: Api,
  infrastructure: string,
  namespace: string,
  kind: 'KubeadmControlPlane' | 'MachineDeployment',
  name: string,
  owner: JsonObject,
): Promise<void> {
  const { machine, bootstrapConfig = {}, infrastructureMachine } = machineOf(kind, name);
  const own = ['/metadata/namespace', namespace] as const;
  await make(api, `${infrastructure}/metalmachines`, edited(infrastructureMachine, own));
  await make(api, `${BOOTSTRAP}/namespaces/${namespace}/kubeadmconfigs`, edited(bootstrapConfig, own));
  await make(api, machinesPath(namespace), edited(machine, own, ownedBy(owner)));
  const status = {
    nodeRef: { name },
    nodeInfo: { ...NODE_INFO, kubeletVersion: FROM },
    conditions: [
      {
        type: 'NodeReady',
        status: 'True',
        reason: 'NodeReady',
        message: '',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ],
  };
  await expectOk(api.patch(`${machinesPath(namespace, name)}/status${STRICT}`, { status }));
}

/** Strict: an object that the real schema would refuse is no example. */
async function make(api: Api, collection: string, object: JsonObject): Promise<JsonObject> {
  const metadata = at(object, 'metadata');
  const others = without(isObject(metadata) ? metadata : {}, 'uid');
  const spec = without(object, 'status');
  return expectOk(api.create(`${collection}${STRICT}`, { ...spec, metadata: others }));
}

function ownedBy(owner: JsonObject): Edit {
  const [apiVersion, kind] = [text(owner, 'apiVersion') ?? '', text(owner, 'kind') ?? ''];
  const [name, uid] = [text(owner, 'metadata', 'name') ?? '', text(owner, 'metadata', 'uid') ?? ''];
  return ['/metadata/ownerReferences', [{ apiVersion, kind, name, uid, controller: true }]];
}

const NODE_INFO = {
  ...{
    architecture: 'amd64',
    bootID: '',
    containerRuntimeVersion: '',
    kernelVersion: '',
    kubeProxyVersion: '',
  },
  ...{ machineID: '', operatingSystem: 'linux', osImage: '', systemUUID: '' },
};

/** The parameters that the Workflow gives to a Machine's sub-DAG. */
export function machineParameters(workflow: JsonObject, machine: string): Record<string, string> {
  const tasks = list(list(workflow, 'spec', 'templates')[0], 'dag', 'tasks');
  const task = tasks.find((each) => text(each, 'name') === `machine-${machine}`);
  return Object.fromEntries(
    list(task, 'arguments', 'parameters').map((each) => [
      text(each, 'name') ?? '',
      text(each, 'value') ?? '',
    ]),
  );
}
