import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FLIP_STEPS } from '../../src/api/steps.ts';
import { until } from './until.ts';
import { componentsOf, createWorker, type Worker } from './worker.ts';

let worker: Worker;
afterEach(() => worker.remove());

const units = () =>
  readdirSync(path.join(worker.root, 'etc/systemd/system')).filter((name) => name.startsWith('refit'));
const file = (name: string) => path.join(worker.root, name);
/** The last report is there a moment before its unit has gone. */
const tidiedUp = () => until(() => !existsSync(file('var/lib/refit/lock.json')));

const OLD_NODE = {
  kubelet: 'v1.33.9',
  running: 'v1.33.9',
  kubeadm: 'v1.33.9',
  containerd: 'v1.7.27',
  cni: 'v1.6.1',
};
const NEW_NODE = {
  kubelet: 'v1.34.4',
  running: 'v1.34.4',
  kubeadm: 'v1.34.4',
  containerd: 'v1.7.28',
  cni: 'v1.6.2',
};

describe('the flip group', () => {
  it('is done by the node itself; every launch gets the report of its own step', async () => {
    worker = await createWorker();
    const sysctl = { path: '/etc/sysctl.d/90-edge.conf', owner: 'root:root', permissions: '0644' };
    const files = [{ ...sysctl, content: Buffer.from('# of the site\n').toString('base64') }];
    const staged = await worker.step({ step: 'stage', files });
    const planSha256 = staged.report?.outputs['plan-sha256'];
    expect(componentsOf(worker)).toEqual(OLD_NODE);
    // Argo starts them all at once, in no order.
    const ended = await Promise.all(FLIP_STEPS.map((step) => worker.step({ step, files, planSha256 })));
    const reports = ended.map(({ report }) => [report?.result.step, report?.result.outcome]);
    expect(reports).toEqual(FLIP_STEPS.map((step) => [step, 'changed']));
    expect(componentsOf(worker)).toEqual(NEW_NODE);
    expect(readFileSync(file('etc/sysctl.d/90-edge.conf'), 'utf8')).toBe('# of the site\n');
    expect(readFileSync(file('var/log/kubeadm-runs'), 'utf8').trim().split('\n')).toHaveLength(1);

    const folder = file('var/lib/refit/refit-edge-1-0badcafe-1');
    await tidiedUp();
    expect(units()).toEqual([]);
    expect(existsSync(path.join(folder, 'desired.json'))).toBe(false);
    const journal = worker.run(['journalctl', '-b', '-t', 'refit-kubelet', '--no-pager', '-o', 'cat']).stdout;
    expect(journal).toContain('kubelet');
    expect(worker.refit('status').stdout).toContain('refit-edge-1-0badcafe-1');

    // The next operation for the same state finds nothing to do.
    const next = { operation: 'refit-edge-1-0badcafe-2', files };
    const nothing = await worker.step({ step: 'stage', ...next });
    expect(nothing.report?.outputs['plan-sha256']).toBe('');
    const verified = await worker.step({ step: 'verify', ...next, planSha256: '' });
    expect(verified.code).toBe(0);
    expect(readFileSync(file('var/log/kubeadm-runs'), 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('is taken back by rollback', async () => {
    worker = await createWorker();
    const staged = await worker.step({ step: 'stage' });
    const planSha256 = staged.report?.outputs['plan-sha256'];
    await worker.step({ step: 'containerd', planSha256 });
    await worker.step({ step: 'verify', planSha256 });
    expect(componentsOf(worker)).toEqual(NEW_NODE);
    const { code, report } = await worker.step({ step: 'rollback' });
    expect([code, report?.result.outcome]).toEqual([0, 'changed']);
    expect(componentsOf(worker)).toEqual(OLD_NODE);
    expect(worker.run(['systemctl', 'is-active', 'kubelet', 'containerd']).stdout).toBe('active\nactive\n');
    const again = await worker.step({ step: 'rollback' });
    expect([again.code, again.report?.result.outcome]).toEqual([0, 'unchanged']);
  });

  it('does a step that is used alone', async () => {
    worker = await createWorker();
    const { code, report } = await worker.step({ step: 'cni', steps: ['cni'], planSha256: '' });
    expect([code, report?.result.outcome]).toEqual([0, 'changed']);
    expect(componentsOf(worker)).toEqual({ ...OLD_NODE, cni: NEW_NODE.cni });
    await tidiedUp();
    expect(units()).toEqual([]);
  });

  it.each([
    ['another plan than the one that was staged', { steps: ['kubelet', 'verify'] as const }],
    [
      'another content of a file',
      { files: [{ path: '/etc/kubernetes/a', owner: 'root:root', permissions: '0600', content: 'QQ==' }] },
    ],
    ['a digest that nobody staged', { planSha256: '0'.repeat(64) }],
  ])('refuses %s', async (_what, other) => {
    worker = await createWorker();
    await worker.step({ step: 'stage' });
    const { code, output } = await worker.step({ step: 'containerd', ...other });
    expect(code).toBe(2);
    expect(output).toMatch(/sha256|digest|plan/);
    expect(componentsOf(worker)).toEqual(OLD_NODE);
    expect(units()).toEqual([]);
  });
});
