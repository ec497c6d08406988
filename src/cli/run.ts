import { InvalidArgumentError, Option, type Command } from 'commander';
import { STEP_NAMES } from '../api/steps.ts';
import type { EntryFlags, ImageFlags, UpgraderFlags } from './commands/image.ts';
import { execute, newProgram } from './execute.ts';
import { addExternal } from './external-commands.ts';
import type { DemoFlags, PlanFlags, ServeFlags } from './flags.ts';
import { addHost } from './host-commands.ts';
import type { Io } from './io.ts';
import { addOperatorCommands } from './operator-commands.ts';
import { addStep } from './step-commands.ts';

/** Run one command. Returns the exit code (api/commands.ts); never throws for what a user can cause. */
export function run(argv: readonly string[], io: Io): Promise<number> {
  return execute(createProgram, argv, io);
}

export function createProgram(io: Io, exit: (code: number) => void): Command {
  const program = newProgram('In-place upgrades of Cluster API kubeadm nodes', io);
  addOperatorCommands(program, io, exit);
  addPlan(program, io, exit);
  addServe(program, io);
  addDemo(program, io, exit);
  addStep(
    program,
    async (name, options) => (await import('./commands/step.ts')).step(name, options, io),
    exit,
  );
  addExternal(
    program,
    async (name, options) => (await import('./commands/external.ts')).external(name, options, io),
    exit,
  );
  addHost(program, io, exit);
  addImage(program, io, exit);
  return program;
}

// Commands are loaded when they run: `refit plan` must not wait for a Kubernetes client.

function addPlan(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command('plan')
    .description(
      'say what Refit would answer to a recorded hook request, and what it would do; changes nothing',
    )
    .requiredOption('-f, --filename <file>', 'request as Cluster API sends it, JSON; - is standard input')
    .addOption(new Option('-o, --output <format>').choices(['table', 'yaml', 'json']).default('table'))
    .addOption(new Option('--on-uncovered <what>', 'overrides the policy').choices(['block', 'replace']))
    .option(
      '--policy <file>',
      'policy, YAML; without it: the defaults, and any Kubernetes version is available',
    )
    .action(async (options: PlanFlags) => exit(await (await import('./commands/plan.ts')).plan(options, io)));
}

function addServe(program: Command, io: Io): void {
  program
    .command('serve')
    .description('answer the Runtime Hooks of Cluster API')
    .addOption(
      new Option('--store <kind>', 'embedded: simulated nodes, for trials')
        .choices(['kubernetes', 'embedded'])
        .default('kubernetes'),
    )
    .option('--host <address>', 'address to listen on (default: all; with the embedded store: 127.0.0.1)')
    .option('--port <port>', 'port to listen on; 0: any free one', port, 9443)
    .option('--external-port <port>', 'for admission and external upgrades; 0: any free one', port, 9444)
    .option('--tls-cert-file <file>', 'server certificate, PEM, followed when it rotates')
    .option('--tls-private-key-file <file>', 'its key, PEM')
    .option('--client-ca-file <file>', 'accept only clients with a certificate of this authority (mTLS)')
    .option('--policy <file>', 'policy, YAML, followed when it changes')
    .option('--image-map <file>', 'releases and their images, YAML, followed when it changes')
    .option('--policy-config-map <namespace/name>', 'where the policy is mounted from: Events are about it')
    .option('--kubeconfig <file>', 'management cluster (default: in-cluster, then KUBECONFIG)')
    .option('--step-seconds <seconds>', 'embedded store: how long a simulated step takes', Number, 2)
    .addOption(new Option('--fail <step>', 'embedded store: let this step fail once').choices(STEP_NAMES))
    .action(async (options: ServeFlags) => (await import('./commands/serve.ts')).serve(options, io));
}

function addDemo(program: Command, io: Io, exit: (code: number) => void): void {
  program
    .command('demo')
    .description('play real requests of Cluster API against a real server with simulated nodes')
    .addOption(new Option('--fail <step>', 'let this step fail, then retry').choices(STEP_NAMES))
    .option('--output-folder <folder>', 'where the YAML is left', 'out/demo')
    .action(async (options: DemoFlags) => exit(await (await import('./commands/demo.ts')).demo(options, io)));
}

function addImage(program: Command, io: Io, exit: (code: number) => void): void {
  const image = program
    .command('image')
    .description(
      'make the images from files of this machine, without a registry; and entries for the image map',
    );
  const commands = () => import('./commands/image.ts');
  const into = (command: Command): Command =>
    command
      .option('--name <repository>', 'what nodes will know it as, like registry.example.com/refit/upgrader')
      .option('--output <file>', 'OCI archive to write')
      .option('--base <folder>', 'root file system; without it: the least that is needed, from this machine')
      .option('--tree <folder>', 'only our part of the image, as files (Containerfiles do this)');

  into(image.command('refit').description('the server and the steps of Workflows')).action(
    async (flags: ImageFlags) => exit(await (await commands()).makeRefitImage(flags, io)),
  );
  into(image.command('upgrader').description('what nodes get for one release: programs and their checksums'))
    .requiredOption('--kubernetes <version>', 'like v1.34.3; the programs are asked for theirs')
    .requiredOption('--components <folder>', 'kubelet, kubeadm, kubectl, and what else is to be upgraded')
    .option('--containerd <version>', 'default: what the program says')
    .option('--cni <version>', 'default: what the program says')
    .option('--release <name>', 'in the image map (default: the Kubernetes version)')
    .action(async (flags: UpgraderFlags) => exit(await (await commands()).makeUpgraderImage(flags, io)));
  image
    .command('entry')
    .description('print the entry of an upgrader image for the image map')
    .requiredOption('--archive <file>', 'OCI archive')
    .option('--name <repository>', 'default: as the archive says')
    .option('--release <name>', 'in the image map (default: the Kubernetes version)')
    .action(async (flags: EntryFlags) => exit(await (await commands()).printEntry(flags, io)));
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('expected a port, 0 to 65535');
  return value;
}
