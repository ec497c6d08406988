import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, STEP_COMMANDS, stepParameters, FINISH_FLAGS, WORKFLOW_FLAGS } from '../api/commands.ts';
import { StatusError } from '../api/errors.ts';
import { STEP_NAMES } from '../api/steps.ts';
import type { DemoFlags, PlanFlags, ServeFlags } from './flags.ts';
import type { Io } from './io.ts';
import { version } from './version.ts';

/** Run one command. Returns the exit code (api/commands.ts); never throws for what a user can cause. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const result = { code: EXIT.done as number };
  const program = createProgram(io, (code) => (result.code = code));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return result.code;
  } catch (error) {
    // Commander has written its own text; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    if (!(error instanceof StatusError)) throw error;
    io.err(`refit: ${error.message}\n`);
    return error.reason === 'BadInput' ? EXIT.badInput : EXIT.failed;
  }
}

export function createProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command('refit')
    .description('In-place upgrades of Cluster API kubeadm nodes')
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showHelpAfterError('(add --help for the options)');
  addPlan(program, io, exit);
  addServe(program, io);
  addDemo(program, io, exit);
  addStep(program);
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
    .option('--tls-cert-file <file>', 'server certificate, PEM, followed when it rotates')
    .option('--tls-private-key-file <file>', 'its key, PEM')
    .option('--client-ca-file <file>', 'accept only clients with a certificate of this authority (mTLS)')
    .option('--policy <file>', 'policy, YAML')
    .option('--image-map <file>', 'releases and their images, YAML')
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

/** The contract of generated containers: flags come from api/commands.ts and nowhere else. */
function addStep(program: Command): void {
  const step = program
    .command('step')
    .description('run one step of an operation; the containers of a Workflow do this');
  for (const name of STEP_COMMANDS) {
    const command = step.command(name);
    const fixed = { ...WORKFLOW_FLAGS, ...(name === 'finish' ? FINISH_FLAGS : {}) };
    for (const flag of Object.keys(fixed)) command.requiredOption(`--${flag} <value>`);
    for (const parameter of stepParameters(name)) {
      const flag = `--${parameter.name} <value>`;
      if (parameter.name === 'timeout-seconds') command.requiredOption(flag, parameter.description, seconds);
      else if (parameter.default === undefined) command.requiredOption(flag, parameter.description);
      else command.option(flag, parameter.description, parameter.default);
    }
    command.action(() => {
      throw new StatusError(
        `step ${name}: this release plans and submits Workflows; the steps themselves are not part of it yet`,
        {
          reason: 'Failed',
        },
      );
    });
  }
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError('expected a port, 0 to 65535');
  return value;
}

function seconds(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected whole seconds above 0');
  return Number(text);
}
