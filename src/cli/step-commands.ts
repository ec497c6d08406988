// Arguments of `refit step`: its flags come from api/commands.ts and nowhere else; those for use by hand are ours.
import { InvalidArgumentError, type Command } from 'commander';
import {
  FINISH_FLAGS,
  OUTPUT_FOLDER,
  STEP_COMMANDS,
  stepParameters,
  WORKFLOW_FLAGS,
  type StepCommand,
} from '../api/commands.ts';
import { IMAGE_MAP_FOLDER, KUBECONFIG_FOLDER } from '../api/install.ts';
import type { StepOptions } from './flags.ts';

/** `perform` gives the exit code. */
export function addStep(
  program: Command,
  perform: (name: StepCommand, options: StepOptions) => Promise<number>,
  exit: (code: number) => void,
): void {
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
    command
      .option('--kubeconfig <file>', 'management cluster (default: in-cluster, then KUBECONFIG)')
      .option('--kubeconfig-folder <folder>', 'kubeconfig of the workload cluster', KUBECONFIG_FOLDER)
      .option('--image-map-folder <folder>', 'releases and their images', IMAGE_MAP_FOLDER)
      .option('--output-folder <folder>', 'where the output parameters are left', OUTPUT_FOLDER)
      .action(async (options: StepOptions) => exit(await perform(name, options)));
  }
}

function seconds(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected whole seconds above 0');
  return Number(text);
}
