// The unit of an operation as a process of its own, which the kernel kills at a given point: for kill.test.ts.
// Arguments: root of the machine, and before which change of the machine it is killed.
import type { Host, HostFiles } from '../../../src/steps/host/host.ts';
import { drainedFile, waitingFile } from '../../../src/steps/operation/records.ts';
import { runOperation } from '../../../src/steps/operation/run-operation.ts';
import type { Systemd } from '../../../src/steps/operation/systemd.ts';
import { createMachine } from './machine.ts';
import { OPERATION, stepsOfManyCommands } from './samples.ts';

const [root = '', killAt = ''] = process.argv.slice(2);
const CHANGES: readonly string[] = ['write', 'copy', 'rename', 'remove', 'makeFolder', 'createExclusively'];
let changes = 0;

function killedInTime<T extends object>(target: T, names?: readonly string[]): T {
  return new Proxy(target, {
    get(object, name, receiver) {
      const value: unknown = Reflect.get(object, name, receiver);
      if (typeof value !== 'function' || (names && !names.includes(String(name)))) return value;
      return (...args: unknown[]): unknown => {
        changes += 1;
        if (changes === Number(killAt)) process.kill(process.pid, 'SIGKILL');
        return Reflect.apply(value, object, args);
      };
    },
  });
}

const machine = createMachine({ root });
/** As soon as it waits for its drain, it is drained. */
const drained: HostFiles = {
  ...machine.host.files,
  write: async (path, ...rest) => {
    await machine.host.files.write(path, ...rest);
    if (path === waitingFile(OPERATION)) machine.write(drainedFile(OPERATION), '{}');
  },
};
const files: HostFiles = killedInTime(drained, CHANGES);
const host: Host = { ...machine.host, files };
const systemd: Systemd = killedInTime<Systemd>(machine.systemd);
const { signal } = new AbortController();
await runOperation({ ...machine, host, systemd }, stepsOfManyCommands(), { operation: OPERATION, signal });
