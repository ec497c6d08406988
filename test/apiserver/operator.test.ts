// The commands of people against a real API server: selectors, schemas, preconditions, and who may do what.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT } from '../../src/api/commands.ts';
import {
  BLOCKED_ANNOTATION,
  PENDING_HOOKS_ANNOTATION,
  RETRY_ANNOTATION,
  UPDATE_IN_PROGRESS_ANNOTATION,
} from '../../src/api/labels.ts';
import { operationName } from '../../src/api/names.ts';
import { writeRecord } from '../../src/api/operation.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { run } from '../../src/cli/run.ts';
import type { StatusOutput } from '../../src/cli/status/types.ts';
import { EVENTS, MACHINES, WORKFLOWS } from '../../src/hook/kubernetes/resources.ts';
import { list, text, texts } from '../../src/kubernetes/fields.ts';
import { fakeIo } from '../helpers/io.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { applyInstallation, asServiceAccount } from './installation.ts';
import { createSite, type Site } from './site.ts';

const kubeconfig = process.env['REFIT_TEST_KUBECONFIG'] ?? '';
const admin = kubeConfigOf(kubeconfig);
const api = apiOf(admin);
const FAILED = {
  version: 1,
  number: 3,
  hash: 'v1-a',
  state: 'failed',
  from: 'v1.33.7',
  to: 'v1.34.3',
  startedAt: '2026-01-01T11:00:00Z',
  finishedAt: '2026-01-01T11:20:00Z',
  reason: 'step kubelet: boom',
} as const;
let site: Site;
let folder: string;

beforeAll(async () => {
  site = await createSite(api);
  await applyInstallation(api, { name: site.namespace, contentSecrets: [] }, packageJson.version);
  folder = await mkdtemp(path.join(tmpdir(), 'refit-operator-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function refit(...argv: string[]) {
  const io = fakeIo();
  const code = await run([...argv, '--kubeconfig', kubeconfig], io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}
const own = (command: string, ...argv: string[]) => refit(command, ...argv, '-n', site.namespace);
const machine = () => expectOk(api.get(MACHINES.path(site.namespace, site.machine)));
const annotations = async () => texts(await machine(), 'metadata', 'annotations');
const annotate = (changed: Record<string, string | null>) =>
  expectOk(api.patch(MACHINES.path(site.namespace, site.machine), { metadata: { annotations: changed } }));

async function event(name: string, reason: string): Promise<void> {
  const { namespace } = site;
  const uid = text(await machine(), 'metadata', 'uid');
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const involvedObject = {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Machine',
    namespace,
    name: site.machine,
    uid,
  };
  const more = { reason, message: `of ${name}`, type: 'Warning', firstTimestamp: now, lastTimestamp: now };
  await expectOk(
    api.create(EVENTS.path(namespace), { metadata: { namespace, name }, involvedObject, ...more }),
  );
}

async function status() {
  const output = JSON.parse((await own('status', '-o', 'json')).stdout) as StatusOutput;
  return output.clusters[0]?.owners.flatMap(({ machines }) => machines)[0];
}

describe('status', () => {
  it('shows a refusal, chosen by the server from all Events', async () => {
    expect(await status()).toMatchObject({ name: site.machine, state: 'waiting' });
    // As before Cluster API has written what is desired: a refusal comes first.
    await annotate({ [UPDATE_IN_PROGRESS_ANNOTATION]: null, [PENDING_HOOKS_ANNOTATION]: null });
    await event('other.1', 'SomethingElse');
    await event('blocked.1', 'InPlaceUpdateBlocked');
    expect(await status()).toMatchObject({
      state: 'blocked',
      message: expect.stringMatching(/^of blocked.1/),
    });
  });

  it('says what is forbidden to an account that may read nothing', async () => {
    const config = await asServiceAccount(admin, api, site.namespace, 'refit-workflow');
    const file = path.join(folder, 'kubeconfig');
    await writeFile(file, config.exportConfig(), { mode: 0o600 });
    const io = fakeIo();
    expect(await run(['status', '-n', site.namespace, '--kubeconfig', file], io)).toBe(EXIT.failed);
    expect(io.stderr()).toMatch(/^refit: GET .*: 403 .*is forbidden: User ".*refit-workflow" cannot list/);
  });
});

describe('retry', () => {
  it('asks for a failed operation again', async () => {
    await annotate(writeRecord(FAILED));
    expect(await own('retry', site.machine)).toMatchObject({ code: EXIT.done, stderr: '' });
    expect(await annotations()).toHaveProperty([RETRY_ANNOTATION], '');
    await annotate({ [RETRY_ANNOTATION]: null });
  });
});

describe('rollback', () => {
  it('marks the Machine, and its Workflow passes the full schema of Argo', async () => {
    await annotate(writeRecord(FAILED));
    expect((await own('rollback', site.machine)).stdout).toContain('Nothing was done.');
    expect(await annotations()).not.toHaveProperty([BLOCKED_ANNOTATION]);
    expect(await own('rollback', site.machine, '--yes', '--no-wait')).toMatchObject({ code: EXIT.done });
    expect((await annotations())[BLOCKED_ANNOTATION]).toBe('a rollback of operation 3 was asked for');

    const uid = text(await machine(), 'metadata', 'uid') ?? '';
    const operation = operationName({ name: site.machine, uid }, 3);
    const workflows = list(await expectOk(api.get(WORKFLOWS.path(site.namespace))), 'items');
    expect(workflows.map((object) => text(object, 'metadata', 'name'))).toEqual([`${operation}-rollback-1`]);
    const again = { ...(workflows[0] as object), metadata: { name: 'strict', namespace: site.namespace } };
    await expectOk(api.create(`${WORKFLOWS.path(site.namespace)}?fieldValidation=Strict&dryRun=All`, again));
    expect((await own('rollback', site.machine, '--yes', '--no-wait')).stderr).toContain(
      'A rollback runs already',
    );
  });
});

describe('doctor', () => {
  it('finds the installation right, and only what is not installed here wrong', async () => {
    const { stdout } = await refit('doctor', '-o', 'json');
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    const of = (check: string) => findings.filter((finding) => finding.check === check);
    expect(
      of('rights')
        .map(({ message }) => message)
        .filter((message) => message.includes(site.namespace)),
    ).toEqual([]);
    expect(of('namespaces')).toContainEqual({ check: 'namespaces', level: 'ok', message: site.namespace });
    expect(of('step templates')).toMatchObject([{ level: 'ok' }]);
    expect(of('image map')).toMatchObject([{ level: 'error', message: expect.stringContaining('empty') }]);
    expect(of('Argo Workflows').map(({ level }) => level)).toEqual(['unknown']);
    expect(of('custom resources').map(({ message }) => message)).toContain(
      'certificates of cert-manager.io/v1 are not served',
    );
    expect(of('Refit server')).toMatchObject([{ message: 'its image is the placeholder' }]);
  });

  it('finds a right that was taken away', async () => {
    const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${site.namespace}/rolebindings/refit-workflow`;
    await expectOk(api.delete(role));
    const { code, stdout } = await refit('doctor', '-o', 'json');
    expect(code).toBe(EXIT.failed);
    expect(stdout).toContain(`in ${site.namespace} the steps may not patch machines`);
  });
});
