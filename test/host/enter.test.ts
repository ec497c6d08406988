import { afterEach, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { stepReportSchema } from '../../src/api/step-result.ts';
import { createWorker, type Worker } from './worker.ts';

let worker: Worker;
afterEach(() => worker.remove());

const file = (name: string) => path.join(worker.root, name);
const terminationLog = () => readFileSync(file('var/termination-log'), 'utf8');

/** /dev of the machine is not in its file tree. */
async function enter(step: 'cni'): Promise<{ code: number; output: string }> {
  const running = worker.enter({ step, steps: ['cni'], planSha256: '' });
  const code = await running.ended;
  worker.run(['cp', '/dev/termination-log', '/var/termination-log']);
  return { code, output: running.output() };
}

describe('the container of a node Job', () => {
  it('brings the program to the host, once, and hands back the report', async () => {
    worker = await createWorker();
    const first = await enter('cni');
    expect(first.code).toBe(0);
    const { result } = stepReportSchema.parse(JSON.parse(terminationLog()));
    expect([result.step, result.outcome]).toEqual(['cni', 'changed']);
    expect(terminationLog().length).toBeLessThanOrEqual(4096);
    expect(readdirSync(file('var/lib/refit/program'))).toHaveLength(1);
    // Node, copied, runs on a minimal Debian; people have a command.
    expect(worker.run(['/var/lib/refit/refit', 'host', 'status']).stdout).toContain('cni');
    const again = await enter('cni');
    expect(again.code).toBe(0);
    // The step of this operation is done: its report is handed back, it is not done again.
    expect(stepReportSchema.parse(JSON.parse(terminationLog())).result).toEqual(result);
    expect(readdirSync(file('var/lib/refit/program'))).toHaveLength(1);
  });

  it('says which library is missing on a host that cannot run the program', async () => {
    worker = await createWorker();
    worker.run(['mkdir', '-p', '/opt/image/lib']);
    worker.run([
      'sh',
      '-c',
      'cp -L /usr/lib/*-linux-gnu/libstdc++.so.6 /opt/image/lib && rm /usr/lib/*-linux-gnu/libstdc++.so.6',
    ]);
    const { code, output } = await enter('cni');
    expect(code).toBe(1);
    expect(output).toContain('the host lacks libstdc++.so.6: install it');
  });
});
