// The commands of those who run clusters: all work on the management cluster, through its API alone.
import { Option, type Command } from 'commander';
import type { DoctorFlags } from './commands/doctor.ts';
import type { RetryFlags } from './commands/retry.ts';
import type { RollbackFlags } from './commands/rollback.ts';
import type { StatusFlags } from './commands/status.ts';
import type { UpgradeFlags } from './commands/upgrade.ts';
import type { Io } from './io.ts';
import { clusterOptions, managementOptions } from './management-options.ts';

export function addOperatorCommands(program: Command, io: Io, exit: (code: number) => void): void {
  addUpgrade(program, io, exit);
  addStatus(program, io, exit);
  addRetry(program, io, exit);
  addRollback(program, io, exit);
  addDoctor(program, io, exit);
}

function addStatus(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command('status')
    .description('what happens to the Machines of Clusters that opted in: step, since when, why blocked')
    .argument('[cluster]', 'only this one, opted in or not')
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-w, --watch', 'go on until Ctrl-C; without a terminal: a line for each change')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json']).default('table'));
  managementOptions(command).action(async (cluster: string | undefined, flags: StatusFlags) =>
    exit(await (await import('./commands/status.ts')).status(cluster, flags, io)),
  );
}

function addRetry(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command('retry')
    .description('do failed operations again, and let blocked Machines go on')
    .argument('[machine...]', 'or md/NAME, kcp/NAME: an owner whose Machines Refit upgrades')
    .option('--failed', 'all Machines of the namespace whose operation failed')
    .option('--force', 'although the node still works on the last operation');
  managementOptions(command).action(async (machines: string[], flags: RetryFlags) =>
    exit(await (await import('./commands/retry.ts')).retry(machines, flags, io)),
  );
}

function addRollback(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command('rollback')
    .description('say what can be undone of the last operation on a Machine; with --yes: undo it')
    .argument('<machine>')
    .option('--yes', 'do it')
    .option('--force', 'of a flipped control plane: although it is not known what is lost, or Argo is in it')
    .option('--no-wait', 'do not wait for the end');
  managementOptions(command).action(async (machine: string, flags: RollbackFlags) =>
    exit(await (await import('./commands/rollback.ts')).rollback(machine, flags, io)),
  );
}

function addDoctor(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command('doctor')
    .description('look for what keeps Refit from working: one line per finding, with its remedy')
    .addOption(new Option('-o, --output <format>').choices(['table', 'json']).default('table'));
  clusterOptions(command).action(async (flags: DoctorFlags) =>
    exit(await (await import('./commands/doctor.ts')).doctor(flags, io)),
  );
}

function addUpgrade(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command('upgrade')
    .description(
      'upgrade a Cluster in place: its control plane, then its workers; stops at the first failure',
    )
    .argument('<cluster>')
    .option('--to <version>', 'Kubernetes version, like v1.34.3')
    .option('--release <name>', 'release of the image map, also one of the same Kubernetes version')
    .option('--dry-run', 'only print the plan and the Workflows, YAML')
    .option('--no-wait', 'edit the first owner and do not wait');
  managementOptions(command).action(async (cluster: string, flags: UpgradeFlags) =>
    exit(await (await import('./commands/upgrade.ts')).upgrade(cluster, flags, io)),
  );
}
