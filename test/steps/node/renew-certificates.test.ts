import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { renewCertificates } from '../../../src/steps/node/renew-certificates.ts';
import { eventually } from '../../helpers/eventually.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { runStaticPod } from './pod-processes.ts';
import { contextFor, touch } from './release.ts';
import { kubeconfig, makeCertificate } from './tree-certificates.ts';
import { API_SERVER } from './tree-content.ts';

const CRT = '/etc/kubernetes/pki/apiserver.crt';
const SCHEDULER = '/etc/kubernetes/scheduler.conf';
/** 59 days after the clock's begin. */
const DUE = { notAfter: '2026-03-01T00:00:00Z' };
const LATER = { notAfter: '2027-01-01T00:00:00Z' };
const RENEW = ['/usr/bin/kubeadm', 'certs', 'renew', 'all'];

let host: TestHost;
const write = (path: string, content: string) => host.files.write(path, content, { mode: 0o600 });
const writeCertificate = async (dates: object) => write(CRT, (await makeCertificate('x', dates)).cert);
const context = (role: 'control-plane' | 'worker' = 'control-plane') => contextFor(undefined, { role });
const perform = () => performStep(renewCertificates, host, context(), { timeoutSeconds: 60 });
const argvs = () => host.commands.filter(([first]) => first === RENEW[0] || first === 'kill');

beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
});
afterEach(() => host.remove());

describe('certificates that are good for long', () => {
  it('are left alone, and the first to expire is named', async () => {
    const { result } = await perform();
    expect(result).toMatchObject({ outcome: 'unchanged', changes: [] });
    expect(result.message).toMatch(/expires first, 2026-06-01/);
    expect(argvs()).toEqual([]);
  });

  it('have a static pod restarted that has read older ones', async () => {
    await runStaticPod(host, 'kube-scheduler', { pid: 77, secondsAgo: 3600 });
    await touch(host, SCHEDULER, 60);
    host.answer(['kill'], async () => {
      await runStaticPod(host, 'kube-scheduler', { pid: 77, secondsAgo: 1 });
      return '';
    });
    expect((await perform()).result).toMatchObject({ outcome: 'changed' });
    expect(argvs()).toEqual([['kill', '-s', 'TERM', '77']]);
  });
});

describe('a certificate that expires within 60 days', () => {
  beforeEach(() => writeCertificate(DUE));

  it('is renewed with all others, and who has read it is restarted', async () => {
    await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 3600 });
    host.answer(RENEW, async () => {
      await writeCertificate(LATER);
      await touch(host, CRT, 10);
      return '';
    });
    host.answer(['kill'], async () => {
      await runStaticPod(host, 'kube-apiserver', { pid: 4242, secondsAgo: 1 });
      return '';
    });
    const { result } = await perform();
    expect(result).toMatchObject({ outcome: 'changed', changes: [{ what: CRT, to: 'made anew' }] });
    expect(argvs()).toEqual([RENEW, ['kill', '-s', 'TERM', '4242']]);
  });

  it('fails the step if kubeadm leaves it, and nothing is put back', async () => {
    host.answer(RENEW, '');
    const ended = perform();
    await eventually('it waits', () => host.lines.some((line) => line.includes('waiting: ')));
    await host.clock.advance(120);
    const { result } = await ended;
    expect(result.outcome).toBe('failed');
    expect(result.message).toContain('left as it is: it can only be done again');
    expect(await renewCertificates.problems(host, context())).toEqual([
      `${CRT}: got one that expires within 60 days`,
    ]);
  });

  it('is refused where the key of its authority is elsewhere', async () => {
    await host.files.remove('/etc/kubernetes/pki/ca.key');
    const { refusals } = await renewCertificates.prepare(host, context());
    expect(refusals).toEqual([expect.stringMatching(/^\/etc\/kubernetes\/pki\/ca\.key: absent: only who/)]);
  });

  it('is refused where the authority itself has expired', async () => {
    const ca = await makeCertificate('kubernetes', { notAfter: '2025-12-31T00:00:00Z' });
    await write('/etc/kubernetes/pki/ca.crt', ca.cert);
    expect((await perform()).result).toMatchObject({
      outcome: 'failed',
      message: expect.stringMatching(/pki\/ca\.crt: got an authority that has expired.*nothing was changed/),
    });
  });
});

it('looks into kubeconfigs, too', async () => {
  const ca = String(await host.files.read('/etc/kubernetes/pki/ca.crt'));
  await write('/etc/kubernetes/admin.conf', kubeconfig(API_SERVER, ca, await makeCertificate('x', DUE)));
  const { actions } = await renewCertificates.prepare(host, context());
  expect(actions[0]).toMatchObject({
    do: 'run',
    argv: RENEW,
    change: { what: '/etc/kubernetes/admin.conf' },
  });
});

it('has nothing to do on a worker', async () => {
  const { refusals, actions, notes } = await renewCertificates.prepare(host, context('worker'));
  expect({ refusals, actions }).toEqual({ refusals: [], actions: [] });
  expect(notes).toEqual(['a worker has the kubelet renew its own certificate']);
  expect(await renewCertificates.problems(host, context('worker'))).toEqual([]);
});
