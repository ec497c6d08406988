// The commands of `refit host`, which alone are in the program that nodes get: no Kubernetes client, one file.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { NODE_COMMANDS } from '../api/commands.ts';
import { DATA_LOSS } from '../api/data-loss.ts';
import { FLIP_STEPS } from '../api/steps.ts';
import type {
  HostRollbackFlags,
  LaunchFlags,
  OperationFlags,
  RunFlags,
  StatusFlags,
  WatchdogFlags,
} from './commands/host.ts';
import type { Io } from './io.ts';

/** On a node, as root, in the host's own namespaces. */
export function addHost(program: Command, io: Io, exit: (code: number) => void): void {
  const host = program
    .command('host')
    .description('on a node: what its Jobs, its systemd units and people run');
  const commands = () => import(/* webpackMode: "eager" */ './commands/host.ts');
  const operation = ['--operation <name>', 'by the name of its folder', operationName] as const;

  host
    .command('launch')
    .description('do one step on this machine; its input is read from standard input')
    .option('--components <folder>', 'component binaries that were brought along')
    .action(async (flags: LaunchFlags) => exit(await (await commands()).launchOnHost(flags, io)));
  host
    .command('run')
    .description('what the systemd units of an operation run')
    .requiredOption(...operation)
    .addOption(new Option('--step <name>', 'only this one, as its launch says').choices(NODE_COMMANDS))
    .action(async (flags: RunFlags) => exit(await (await commands()).runOnHost(flags, io)));
  host
    .command('watchdog')
    .description('what the timer of a step runs when the step does not end in its time')
    .requiredOption(...operation)
    .addOption(new Option('--step <name>').choices(FLIP_STEPS).makeOptionMandatory())
    .requiredOption('--turn <number>', 'how often it looked before', Number)
    .action(async (flags: WatchdogFlags) => exit(await (await commands()).watchOnHost(flags, io)));
  host
    .command('settle-flip')
    .description('before the kubelet starts: complete or take back a half-done flip of the control plane')
    .requiredOption(...operation)
    .action(async (flags: OperationFlags) => exit(await (await commands()).settleFlipOnHost(flags, io)));
  host
    .command('status')
    .description('what Refit does and did on this machine; needs no API')
    .option(...operation)
    .addOption(new Option('-o, --output <format>').choices(['table', 'json']).default('table'))
    .action(async (flags: StatusFlags) => exit(await (await commands()).statusOfHost(flags, io)));
  host
    .command('cancel')
    .description('end an operation on this machine before its next step')
    .requiredOption(...operation)
    .action(async (flags: OperationFlags) => exit(await (await commands()).cancelOnHost(flags, io)));
  host
    .command('rollback')
    .description('put back what an operation changed on this machine, as far as that can be done')
    .requiredOption(...operation)
    .addOption(
      new Option('--data-loss <answer>', 'when a flipped control plane cannot go back without')
        .choices(DATA_LOSS)
        .default('refuse'),
    )
    .action(async (flags: HostRollbackFlags) => exit(await (await commands()).rollbackOnHost(flags, io)));
  addEnter(host, io, exit);
}

/** Not on the host yet: in the container of a Job there. */
function addEnter(host: Command, io: Io, exit: (code: number) => void): void {
  host
    .command('enter')
    .description(
      'what the container of a node Job runs: bring this program to the host and launch the step there',
    )
    .action(async () =>
      exit(await (await import(/* webpackMode: "eager" */ './commands/enter.ts')).enterHost(io)),
    );
}

/** It becomes part of paths. */
function operationName(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text)) throw new InvalidArgumentError('expected an operation');
  return text;
}
