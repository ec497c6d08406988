import { afterEach, describe, expect, it } from '@jest/globals';
import type { HookResponse } from '../../../src/api/hooks.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import {
  CONTROL_PLANE_LABEL,
  DEPLOYMENT_NAME_LABEL,
  SET_NAME_LABEL,
  UNCOUNTED_MOVE_ANNOTATION,
  UNIQUE_SET_LABEL,
} from '../../../src/api/labels.ts';
import type { MachineView } from '../../../src/hook/store.ts';
import { CLUSTER, hookSite, NAMESPACE, type HookSite } from '../../helpers/hook-site.ts';
import { recorded, type Edit } from '../../helpers/requests.ts';

const MACHINE = 'kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json';
const BLOCKED = 'kcp-removals-extraargs-scheduler-files-ntp/01-canupdatemachine-refit-cp-c9dq6.json';
const MACHINE_SET = 'md-version-1.33-to-1.34/01-canupdatemachineset-refit-md-0-kkvzp.json';

let site: HookSite;
afterEach(() => site.close());

describe('CanUpdateMachine', () => {
  it('is claimed for a Cluster that opted in', async () => {
    await open();
    expect(await ask(MACHINE)).toMatchObject({
      kind: 'CanUpdateMachineResponse',
      status: 'Success',
      machinePatch: { patchType: 'JSONPatch' },
    });
  });

  it('is answered without patches for a Cluster that did not, whatever the request holds', async () => {
    await open({ labels: { 'capi-refit.io/strategy': 'external' } });
    const odd = recorded(MACHINE, ['/desired/machine/spec/version', 'latest'], ['/current', null]);
    const bare = { apiVersion: expect.any(String), kind: 'CanUpdateMachineResponse', status: 'Success' };
    expect(await ask(MACHINE)).toEqual(bare);
    expect(await site.handlers.canUpdateMachine(odd)).toEqual(bare);
  });

  it('is never an empty Success before the caches are filled, or while the Cluster is unknown', async () => {
    site = hookSite();
    await expect(ask(MACHINE)).rejects.toThrow(/caches are not filled yet/);
    await site.store.start();
    const unknown = recorded(MACHINE, ['/desired/machine/spec/clusterName', 'other']);
    await expect(site.handlers.canUpdateMachine(unknown)).rejects.toThrow('Cluster lab/other: not seen yet');
  });

  it('is settling while Cluster API ends an earlier update of the Machine', async () => {
    const rest: Pick<MachineView, 'restsSince'> = {};
    await open({
      policy: { settleSeconds: 3 },
      store: (inner) => ({
        ...inner,
        machine: (namespace, name) => {
          const machine = { ...(inner.machine(namespace, name) as MachineView) };
          delete machine.restsSince;
          return { ...machine, ...rest };
        },
      }),
    });
    site.store.addMachine({
      ...{ namespace: NAMESPACE, name: 'refit-cp-2f546', cluster: CLUSTER },
      ...{ role: 'control-plane', version: 'v1.33.7' },
    });
    const settling = /^settling: Machine lab\/refit-cp-2f546 was being updated less than 3 s ago, ask again$/;
    await site.clock.advance(10);
    await expect(ask(MACHINE)).rejects.toThrow(settling);
    rest.restsSince = 8;
    await expect(ask(MACHINE)).rejects.toThrow(settling);
    await site.clock.advance(1);
    expect(await ask(MACHINE)).toMatchObject({ status: 'Success', machinePatch: expect.anything() });
  });

  it('tells every uncovered path in the answer and in an Event on the Machine', async () => {
    await open();
    site.store.addMachine({
      namespace: NAMESPACE,
      name: 'refit-cp-c9dq6',
      cluster: CLUSTER,
      role: 'control-plane',
      version: 'v1.35.2',
    });
    const answer = await ask(BLOCKED);
    expect(answer.status).toBe('Failure');
    for (const path of ['/spec/files/2', '/spec/ntp/servers']) {
      expect(answer.message).toContain(path);
      expect(site.events('InPlaceUpdateBlocked')[0]?.message).toContain(path);
    }
    expect(site.events('InPlaceUpdateBlocked')).toMatchObject([
      { kind: 'Machine', name: 'refit-cp-c9dq6', type: 'Warning' },
    ]);
  });

  it('is counted for its Cluster, if that is one', async () => {
    await open();
    await ask(BLOCKED);
    await expect(ask(MACHINE, ['/desired/machine/spec/version', 'latest'])).rejects.toThrow('latest');
    await expect(ask(MACHINE, ['/desired/machine/spec/clusterName', 'anything'])).rejects.toThrow('not seen');
    const { values = [] } = (await site.metrics.refusals.get()) as { values?: object[] };
    const labels = { namespace: NAMESPACE, cluster: CLUSTER, hook: 'CanUpdateMachine' };
    expect(values).toMatchObject([{ labels, value: 2 }]);
  });

  it('lets CAPI replace the machine only if the policy says so', async () => {
    await open({ policy: { onUncovered: 'replace' } });
    expect(await ask(BLOCKED)).toMatchObject({ status: 'Success' });
    expect(site.events('InPlaceUpdateBlocked')).toHaveLength(0);
  });

  it('is answered by the policy of its Cluster where that is otherwise', async () => {
    await open({ policyOverride: 'onUncovered: replace' });
    expect(await ask(BLOCKED)).toMatchObject({ status: 'Success' });
  });

  it('is refused, with the key named, where the Cluster overrides the policy with nonsense; others go on', async () => {
    await open({ policyOverride: 'onUncovered: perhaps' });
    const message = 'Cluster lab/refit: annotation capi-refit.io/policy.onUncovered: got "perhaps"';
    await expect(ask(MACHINE)).rejects.toThrow(message);
    expect(site.events('PolicyInvalid')).toMatchObject([
      { kind: 'Cluster', name: CLUSTER, type: 'Warning', message: expect.stringContaining(message) },
    ]);
    site.store.addCluster({
      namespace: NAMESPACE,
      name: 'other',
      labels: { 'capi-refit.io/strategy': 'in-place' },
    });
    const ofOther = recorded(
      MACHINE,
      ...['current', 'desired'].map((side): Edit => [`/${side}/machine/spec/clusterName`, 'other']),
    );
    expect(await site.handlers.canUpdateMachine(ofOther)).toMatchObject({ status: 'Success' });
  });
});

describe('CanUpdateMachineSet', () => {
  it('is settling until the MachineDeployment has been unchanged for some seconds', async () => {
    await open({ policy: { settleSeconds: 5 } });
    addDeployment();
    await expect(ask(MACHINE_SET)).rejects.toThrow(
      /^settling: MachineDeployment lab\/refit-md-0 changed less than 5 s ago/,
    );
    await site.clock.advance(5);
    expect(await decisions('not-yet')).toBe(1);
    expect(await ask(MACHINE_SET)).toMatchObject({ status: 'Success', machineSetPatch: expect.anything() });
    addDeployment({ generation: 2 });
    await expect(ask(MACHINE_SET)).rejects.toThrow(/settling/);
  });

  it('is settling after an edit that was let pass, which the caches do not show yet', async () => {
    const edit: { at?: number } = {};
    await open({ policy: { settleSeconds: 5 }, editedAt: () => edit.at });
    addDeployment();
    await site.clock.advance(60);
    edit.at = 59;
    await expect(ask(MACHINE_SET)).rejects.toThrow(/^settling: MachineDeployment lab\/refit-md-0 changed/);
    await site.clock.advance(4);
    expect(await ask(MACHINE_SET)).toMatchObject({ status: 'Success' });
  });

  it('is settling while the MachineDeployment is unknown', async () => {
    await open();
    await expect(ask(MACHINE_SET)).rejects.toThrow(
      /settling: MachineDeployment lab\/refit-md-0 not seen yet/,
    );
  });

  it.each([
    ['version', { version: 'v1.34.9' }],
    ['bootstrap template', { bootstrapRef: 'newer' }],
    ['infrastructure template', { infrastructureRef: 'newer' }],
  ])('is settling for a MachineSet that is not the newest: %s', async (_name, asked) => {
    await open();
    addDeployment(asked);
    await site.clock.advance(60);
    await expect(ask(MACHINE_SET)).rejects.toThrow(/asks for something else by now/);
  });

  it('does not let a kubelet get above the API server', async () => {
    await open();
    addDeployment();
    site.store.addMachine({
      namespace: NAMESPACE,
      name: 'cp',
      cluster: CLUSTER,
      role: 'control-plane',
      version: 'v1.33.7',
      labels: { [CONTROL_PLANE_LABEL]: '' },
    });
    await site.clock.advance(60);
    expect(await ask(MACHINE_SET)).toMatchObject({
      status: 'Failure',
      message: expect.stringContaining('above the API server, v1.33.7'),
    });
  });

  it('that is blocked is an Event on the MachineDeployment and on each of its Machines', async () => {
    await open();
    addDeployment();
    await site.clock.advance(60);
    for (const name of ['a', 'b']) addWorker(name, 'refit-md-0-gb7wv');
    addWorker('other', 'another-set');
    const answer = await ask(MACHINE_SET, ['/desired/bootstrapConfigTemplate/spec/template/spec/ntp', null]);
    expect(answer.status).toBe('Failure');
    expect(
      site
        .events('InPlaceUpdateBlocked')
        .map(({ kind, name }) => `${kind} ${name}`)
        .sort(),
    ).toEqual(['Machine a', 'Machine b', 'MachineDeployment refit-md-0']);
  });

  it('waits for a person when a Machine was being moved to what is not wanted any more', async () => {
    await open();
    addDeployment();
    addMoved('1958966682-before');
    await site.clock.advance(60);
    await expect(ask(MACHINE_SET)).rejects.toThrow(
      /^MachineDeployment lab\/refit-md-0 was edited while Machine moved was being moved .* Set its spec\.template back/,
    );
    expect(site.events('InPlaceUpdateBlocked').map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'Machine moved',
      'MachineDeployment refit-md-0',
    ]);
    site.setPolicy({ onUncovered: 'replace' });
    expect((await ask(MACHINE_SET)).status).toBe('Success');
  });

  it('does not mind a Machine that is being moved to what is wanted', async () => {
    await open();
    addDeployment();
    addMoved('2766563437-kkvzp');
    await site.clock.advance(60);
    expect((await ask(MACHINE_SET)).status).toBe('Success');
  });

  it('names the label that is missing', async () => {
    await open();
    const label = DEPLOYMENT_NAME_LABEL.replace('/', '~1');
    await expect(
      ask(MACHINE_SET, [`/desired/machineSet/metadata/labels/${label}`, undefined]),
    ).rejects.toThrow(DEPLOYMENT_NAME_LABEL);
  });
});

async function open(options: Parameters<typeof hookSite>[0] = {}): Promise<void> {
  site = hookSite(options);
  await site.store.start();
}

async function decisions(decision: string): Promise<number> {
  const { values } = await site.metrics.decisions.get();
  return values
    .filter(({ labels }) => labels.decision === decision)
    .reduce((sum, { value }) => sum + value, 0);
}

function ask(path: string, ...edits: Edit[]): Promise<HookResponse> {
  const body: JsonObject = recorded(path, ...edits);
  return path.includes('machineset')
    ? site.handlers.canUpdateMachineSet(body)
    : site.handlers.canUpdateMachine(body);
}

function addDeployment(
  more: { generation?: number; version?: string; bootstrapRef?: string; infrastructureRef?: string } = {},
): void {
  site.store.addMachineDeployment({ namespace: NAMESPACE, name: 'refit-md-0', generation: 1, ...more });
}

/** CAPI has changed its owner, and not yet counted it there. */
function addMoved(to: string): void {
  site.store.addMachine({
    namespace: NAMESPACE,
    name: 'moved',
    cluster: CLUSTER,
    role: 'worker',
    version: 'v1.33.7',
    labels: { [DEPLOYMENT_NAME_LABEL]: 'refit-md-0', [UNIQUE_SET_LABEL]: to },
    annotations: { [UNCOUNTED_MOVE_ANNOTATION]: '' },
  });
}

function addWorker(name: string, set: string): void {
  site.store.addMachine({
    namespace: NAMESPACE,
    name,
    cluster: CLUSTER,
    role: 'worker',
    version: 'v1.33.7',
    labels: { [SET_NAME_LABEL]: set },
  });
}
