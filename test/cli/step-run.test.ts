import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { CORDONED_BY_ANNOTATION } from '../../src/api/labels.ts';
import { stepResultSchema } from '../../src/api/step-result.ts';
import { run } from '../../src/cli/run.ts';
import { at } from '../../src/kubernetes/fields.ts';
import { ApiServer } from '../helpers/api-server.ts';
import { fakeIo } from '../helpers/io.ts';
import { sampleMachine, sampleNode } from '../steps/launcher/samples.ts';

const NODE = { collection: '/api/v1/nodes', namespace: '', name: 'node-1' };
const MACHINE = { collection: '/apis/cluster.x-k8s.io/v1beta2/machines', namespace: 'lab', name: 'cp-1' };
let folder: string;
let management: ApiServer;
let workload: ApiServer;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-step-'));
  [management, workload] = [new ApiServer(), new ApiServer()];
  await Promise.all([management.start(), workload.start()]);
  mkdirSync(path.join(folder, 'workload'));
  writeFileSync(path.join(folder, 'management'), management.kubeConfig().exportConfig());
  writeFileSync(path.join(folder, 'workload/value'), workload.kubeConfig().exportConfig());
  management.data.create(MACHINE, sampleMachine());
  const node = sampleNode();
  workload.data.create(NODE, {
    ...node,
    metadata: { ...(node['metadata'] as JsonObject), annotations: { [CORDONED_BY_ANNOTATION]: 'by-hand' } },
    spec: { ...(node['spec'] as JsonObject), unschedulable: true },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
});
afterEach(async () => {
  await Promise.all([management.stop(), workload.stop()]);
  rmSync(folder, { recursive: true });
});

async function step(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = fakeIo();
  const code = await run(
    [
      ...['step', ...args, '--namespace=lab', '--workflow=by-hand', '--cluster=refit', '--machine=cp-1'],
      ...[
        `--kubeconfig=${path.join(folder, 'management')}`,
        `--output-folder=${path.join(folder, 'outputs')}`,
      ],
      ...[`--kubeconfig-folder=${path.join(folder, 'workload')}`, '--timeout-seconds=5'],
    ],
    io,
  );
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

const result = (): unknown => JSON.parse(readFileSync(path.join(folder, 'outputs/result'), 'utf8'));

describe('refit step, by hand', () => {
  it('works on the clusters of its kubeconfigs, says so last, and leaves the output parameters', async () => {
    expect(await step('uncordon')).toEqual({ code: EXIT.done, stdout: 'uncordoned\n', stderr: '' });
    expect(at(workload.data.get(NODE), 'spec', 'unschedulable')).toBeUndefined();
    expect(stepResultSchema.parse(result())).toMatchObject({
      step: 'uncordon',
      operation: 'by-hand',
      outcome: 'changed',
      message: 'uncordoned',
    });
  });

  it('leaves a result of a failure, too, and says why last', async () => {
    management.data.patch(MACHINE, { spec: { clusterName: 'other' } });
    const { code, stdout } = await step('uncordon');
    expect(code).toBe(EXIT.badInput);
    expect(stdout).toBe('Machine lab/cp-1 spec.clusterName: got "other", expected refit\n');
    expect(result()).toMatchObject({ outcome: 'failed', message: stdout.trim() });
    expect(readFileSync(path.join(folder, 'outputs/message'), 'utf8')).toBe(stdout.trim());
  });

  it('leaves no output parameter that it does not know: Argo has defaults', async () => {
    writeFileSync(path.join(folder, 'images.yaml'), '{}');
    const { code, stdout } = await step('preflight', `--image-map-folder=${folder}`);
    expect(code).not.toBe(EXIT.done);
    expect(stdout).not.toBe('');
    expect(readdirSync(path.join(folder, 'outputs'))).toEqual(['message', 'result']);
  });

  it('says which kubeconfig is wrong', async () => {
    writeFileSync(path.join(folder, 'workload/value'), '{');
    const { code, stdout } = await step('uncordon');
    expect(code).toBe(EXIT.badInput);
    expect(stdout).toContain(`kubeconfig ${path.join(folder, 'workload/value')}: `);
  });
});
