import { afterEach, describe, expect, it } from '@jest/globals';
import { clockFindings, inspectClock } from '../../../src/steps/node/clock-skew.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { API_SERVER } from './tree-content.ts';

/** Milliseconds after the second that the API server tells. */
const at = (milliseconds: number): Date => new Date(Date.parse('2026-01-01T00:00:30Z') + milliseconds);

describe('the clock', () => {
  it.each([
    ['equal', 0, 200],
    ['ahead by just 5 s, as the second that was told may have been nearly over', 6000, 6100],
    ['ahead by perhaps 5 s, as the answer took long', -2000, 9000],
    ['behind by just 5 s', -5100, -5000],
  ])('may be %s', (_, before, after) => {
    expect(clockFindings({ server: 's', before: at(before), after: at(after), date: at(0) })).toEqual([]);
  });

  it.each([
    ['ahead of', 6100, 6200, '5.1'],
    ['behind', -5200, -5100, '5.1'],
    ['ahead of', 3_600_000, 3_600_100, '3599.0'],
  ])('may not be %s the API server by more', (where, before, after, seconds) => {
    const facts = { server: API_SERVER, before: at(before), after: at(after), date: at(0) };
    expect(clockFindings(facts)).toEqual([
      {
        is: 'refusal',
        text:
          `clock: got ${seconds} s or more ${where} ${API_SERVER}, expected at most 5 s: correct the clock (chrony, ` +
          'systemd-timesyncd)',
      },
    ]);
  });

  it('is not compared without a date', () => {
    expect(clockFindings({ server: 's', before: at(0), after: at(0), date: undefined })).toEqual([
      { is: 'note', text: 'clock: not compared, s gave no date' },
    ]);
  });
});

describe('the API server', () => {
  let host: TestHost;
  afterEach(() => host.remove());

  it.each(['worker', 'control-plane'] as const)(
    'is asked by a %s with its CA, whatever it says',
    async (role) => {
      host = await createTestHost({ role });
      host.respond(API_SERVER, { status: 401, headers: { date: 'Thu, 01 Jan 2026 00:00:07 GMT' } });
      const facts = await inspectClock(host, role);
      expect(facts.date).toEqual(new Date('2026-01-01T00:00:07Z'));
      const ca = (await host.files.read('/etc/kubernetes/pki/ca.crt'))?.toString();
      expect(host.requests).toEqual([{ url: `${API_SERVER}/livez`, tls: { ca }, timeoutSeconds: 10 }]);
    },
  );

  it('is the one of the cluster on a control plane whose kubelet asks the local one', async () => {
    host = await createTestHost({ role: 'control-plane' });
    const conf = (await host.files.read('/etc/kubernetes/kubelet.conf'))?.toString() ?? '';
    const local = conf.replace(API_SERVER, 'https://172.30.0.11:6443');
    await host.files.write('/etc/kubernetes/kubelet.conf', local, { mode: 0o600 });
    expect((await inspectClock(host, 'control-plane')).server).toBe(API_SERVER);
  });

  it('that gives no date leaves it open', async () => {
    host = await createTestHost({ role: 'worker' });
    host.respond(API_SERVER, { headers: {} });
    expect((await inspectClock(host, 'worker')).date).toBeUndefined();
  });

  it('cannot be found without a kubelet.conf', async () => {
    host = await createTestHost({ role: 'worker' });
    await host.files.remove('/etc/kubernetes/kubelet.conf');
    await expect(inspectClock(host, 'worker')).rejects.toMatchObject({
      reason: 'Failed',
      message: '/etc/kubernetes/kubelet.conf: got no such file, expected the server and its CA',
    });
  });
});
