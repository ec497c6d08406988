import { decodeRequestOf } from '../src/api/decode.ts';
import { parsePolicy } from '../src/api/policy.ts';
import { synthAll } from '../src/charts/install.ts';
import { values } from '../src/charts/values.ts';
import { updateMachineWorkflow } from '../src/generators/update-machine.ts';
import { planUpdate } from '../src/plan/decide.ts';
import { recorded } from '../test/helpers/requests.ts';

/** Milliseconds for all manifests, imports not counted. */
export function measureSynth(): number {
  const start = performance.now();
  synthAll(values, '0.0.0');
  return performance.now() - start;
}

/** Decoded request -> plan -> Workflow as JSON, per second. */
export function measurePlans(): number {
  const body = recorded('kcp-files-kubeletargs-etcdtag-certsans/04-updatemachine-refit-cp-v7c5b.json');
  const request = decodeRequestOf('UpdateMachine', body);
  const policy = parsePolicy({});
  const machine = { namespace: 'lab', name: 'cp', uid: 'b9c3', cluster: 'refit' };
  const once = (number: number): number => {
    const plan = planUpdate(request, policy, { admission: 'open' });
    return JSON.stringify(updateMachineWorkflow({ machine, number, plan, policy, version: '0.0.0' })).length;
  };
  for (let warm = 1; warm <= 500; warm += 1) once(warm);
  const start = performance.now();
  const count = 5000;
  for (let number = 1; number <= count; number += 1) once(number);
  return count / ((performance.now() - start) / 1000);
}
