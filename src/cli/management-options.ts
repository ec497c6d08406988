import type { Command } from 'commander';

export function managementOptions(command: Command): Command {
  return clusterOptions(command).option('-n, --namespace <name>', 'namespace (default: that of the context)');
}

/** Of commands that look at the whole cluster. */
export function clusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'management cluster (default: $KUBECONFIG, ~/.kube/config, in-cluster)')
    .option('--context <name>', 'context in it');
}
