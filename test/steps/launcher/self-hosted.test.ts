import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { generate } from 'selfsigned';
import { isSameCluster, untilManagementIsSteady } from '../../../src/steps/launcher/self-hosted.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';

describe('isSameCluster', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'refit-self-hosted-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let one: string;
  let other: string;
  beforeAll(async () => {
    [one, other] = (await Promise.all(
      ['one', 'other'].map(async (name) => (await generate([{ name: 'commonName', value: name }])).cert),
    )) as [string, string];
  });

  function config(authority: { caData?: string; caFile?: string }): KubeConfig {
    const kubeConfig = new KubeConfig();
    const cluster = { name: 'c', server: 'https://api.example.com', skipTLSVerify: false, ...authority };
    kubeConfig.loadFromClusterAndUser(cluster, { name: 'u' });
    return kubeConfig;
  }
  const inline = (pem: string): KubeConfig => config({ caData: Buffer.from(pem).toString('base64') });
  const file = (pem: string): KubeConfig => {
    const caFile = path.join(folder, 'ca.crt');
    writeFileSync(caFile, pem);
    return config({ caFile });
  };

  it('is so for the same authority, in a file or not, alone or among others', () => {
    expect(isSameCluster(file(`# in a pod\n${one.replaceAll('\r', '')}\n`), inline(one))).toBe(true);
    expect(isSameCluster(inline(`${other}\n${one}`), inline(one))).toBe(true);
  });

  it('is not so for another one, or for none', () => {
    expect(isSameCluster(inline(one), inline(other))).toBe(false);
    expect(isSameCluster(config({}), config({}))).toBe(false);
  });
});

describe('the API server that Argo uses', () => {
  let site: LaunchSite;
  let isSteady: boolean;
  beforeEach(async () => {
    site = await launchSite();
    isSteady = false;
  });
  afterEach(() => site.close());

  function wait(): Promise<void> {
    return untilManagementIsSteady(site.remote).then(() => void (isSteady = true));
  }

  it('is waited for until it has been ready for 10 s', async () => {
    const waiting = wait();
    await site.pass(9);
    expect(isSteady).toBe(false);
    await site.pass(2);
    await waiting;
    expect(site.lines).toEqual([]);
  });

  it.each([
    ['is not ready', 500],
    ['is away', undefined],
  ])('begins anew when it %s in between', async (_name, status) => {
    const waiting = wait();
    await site.pass(8);
    site.jobs.ready = status;
    await site.pass(2);
    site.jobs.ready = 200;
    await site.pass(8);
    expect(isSteady).toBe(false);
    await site.pass(4);
    await waiting;
    expect(site.lines).toHaveLength(1);
  });

  it('is not waited for for ever', async () => {
    site.jobs.ready = 503;
    const ended = expect(wait()).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringContaining('is not steady: GET /readyz: 503'),
    });
    await site.pass(902);
    await ended;
  });
});
