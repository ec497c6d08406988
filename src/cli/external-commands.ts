// Arguments of `refit external`: its flags come from api/external-commands.ts and nowhere else.
import { InvalidArgumentError, type Command } from 'commander';
import { FINISH_FLAGS, WORKFLOW_FLAGS } from '../api/commands.ts';
import { EXTERNAL_COMMANDS, externalParameters, type ExternalCommand } from '../api/external-commands.ts';
import { IMAGE_MAP_FOLDER, KUBECONFIG_FOLDER } from '../api/install.ts';
import type { StepOptions } from './flags.ts';

/** `perform` gives the exit code. */
export function addExternal(
  program: Command,
  perform: (name: ExternalCommand, options: StepOptions) => Promise<number>,
  exit: (code: number) => void,
): void {
  const external = program
    .command('external')
    .description('part of an upgrade of an owner; the containers of its Workflow do this');
  for (const name of EXTERNAL_COMMANDS) {
    const command = external.command(name);
    const fixed = { ...WORKFLOW_FLAGS, ...(name === 'release' ? FINISH_FLAGS : {}) };
    for (const flag of Object.keys(fixed)) command.requiredOption(`--${flag} <value>`);
    for (const { name: flag, description } of externalParameters(name)) {
      command.requiredOption(`--${flag} <value>`, description);
    }
    command
      .requiredOption('--timeout-seconds <value>', 'longest time for the work itself', seconds)
      .option('--kubeconfig <file>', 'management cluster (default: in-cluster, then KUBECONFIG)')
      .option('--kubeconfig-folder <folder>', 'kubeconfig of the workload cluster', KUBECONFIG_FOLDER)
      .option('--image-map-folder <folder>', 'releases and their images', IMAGE_MAP_FOLDER)
      .action(async (options: StepOptions) => exit(await perform(name, options)));
  }
}

function seconds(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('expected whole seconds above 0');
  return Number(text);
}
