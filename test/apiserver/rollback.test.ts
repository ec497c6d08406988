// `refit rollback --yes` with Argo's real controller: its Workflow, the step's arguments, and what people are told in the end.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT } from '../../src/api/commands.ts';
import { writeRecord } from '../../src/api/operation.ts';
import { run } from '../../src/cli/run.ts';
import { MACHINES } from '../../src/hook/kubernetes/resources.ts';
import type { Ending } from '../helpers/argo-pod.ts';
import { fakeIo } from '../helpers/io.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { startArgoController } from './argo-controller.ts';
import type { Daemon } from './daemon.ts';
import { applyInstallation } from './installation.ts';
import { type PodPlayer, startPodPlayer, type Try } from './pod-player.ts';
import { createSite, type Site } from './site.ts';

const kubeconfig = process.env['REFIT_TEST_KUBECONFIG'] ?? '';
const api = apiOf(kubeConfigOf(kubeconfig));
const tries: Try[] = [];
let ending: Ending;
let site: Site;
let controller: Daemon;
let player: PodPlayer;

beforeAll(async () => {
  site = await createSite(api);
  const { namespace, machine } = site;
  await applyInstallation(api, { name: namespace, contentSecrets: [] }, packageJson.version);
  const annotations = writeRecord({
    version: 1,
    number: 3,
    hash: 'v1-a',
    state: 'failed',
    from: 'v1.33.7',
    to: 'v1.34.3',
    startedAt: '2026-01-01T11:00:00Z',
    finishedAt: '2026-01-01T11:20:00Z',
  });
  await expectOk(api.patch(MACHINES.path(namespace, machine), { metadata: { annotations } }));
  controller = await startArgoController(api, kubeconfig, namespace);
  player = startPodPlayer(api, namespace, (current) => {
    tries.push(current);
    return ending;
  });
});
afterAll(async () => {
  await player?.stop();
  await controller?.stop();
});

async function rollback() {
  const io = fakeIo();
  const argv = ['rollback', site.machine, '-n', site.namespace, '--yes', '--kubeconfig', kubeconfig];
  return { code: await run(argv, io), stdout: io.stdout(), stderr: io.stderr() };
}

describe('refit rollback --yes', () => {
  it('ends with 1 and what the step said when the node could not be put back', async () => {
    ending = { exitCode: EXIT.failed, message: 'kubelet: not restored: exit code 1' };
    const { code, stderr } = await rollback();
    expect(code).toBe(EXIT.failed);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('kubelet: not restored: exit code 1');
    expect(tries).toMatchObject([
      { step: 'rollback', attempt: 0, workflow: expect.stringMatching(/-3-rollback-1$/) },
    ]);
  });

  it('tries again with another Workflow, for the same operation, and says what was put back', async () => {
    tries.length = 0;
    const message = 'kubelet: restored: /usr/bin/kubelet';
    ending = { exitCode: EXIT.done, outputs: { result: JSON.stringify({ message }) } };
    const { code, stdout } = await rollback();
    expect(code).toBe(EXIT.done);
    expect(stdout).toContain(`Rolled back: ${message}\n`);
    const [last] = tries;
    expect(last?.workflow).toMatch(/-3-rollback-2$/);
    expect(last?.args).toEqual(
      expect.arrayContaining([
        'rollback',
        `--machine=${site.machine}`,
        `--cluster=${site.cluster}`,
        '--operation=3',
      ]),
    );
  });
});
