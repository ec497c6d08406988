// `npm run e2e:up [-- --control-planes 1|3 --balancer haproxy|kube-vip --workers N --folder F]`: a cluster of real nodes that
// goes on.
import { parseArgs } from 'node:util';
import { runMain } from '../../helpers/run-main.ts';
import { shownPath } from '../../lab/folder.ts';
import { clusterLayout, DEFAULT_FOLDER, readDescription } from './folder.ts';
import { type ClusterOptions, startCluster } from './start.ts';

async function main(args: string[]): Promise<number> {
  const { folder, ...wanted } = flags(args);
  const layout = clusterLayout(folder);
  if (readDescription(layout)) {
    print(`A cluster is there already, or what is left of one, in ${shownPath(layout.root)}:`);
    print(`  export KUBECONFIG=${layout.kubeconfig}`);
    print(`Remove it with: ${downCommand(folder)}`);
    return 1;
  }
  const started = performance.now();
  const log = (line: string) => print(`  ${line}`);
  const cluster = await startCluster({ folder, ...wanted, stays: true, log });
  const seconds = Math.round((performance.now() - started) / 1000);
  print(`${cluster.nodes.length} nodes after ${seconds} s:`);
  for (const { name, address } of cluster.nodes) print(`  ${name.padEnd(18)}${address}`);
  print(`  export KUBECONFIG=${cluster.kubeconfigPath}`);
  print(`Its file trees: ${shownPath(cluster.folder)}/nodes; to remove it: ${downCommand(folder)}`);
  return 0;
}

function flags(args: string[]): Omit<ClusterOptions, 'stays' | 'log'> {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = {
    ...{ folder: text(DEFAULT_FOLDER), 'control-planes': text('1'), workers: text('1') },
    balancer: text('haproxy'),
  };
  const { values } = parseArgs({ args, options });
  const controlPlanes = Number(values['control-planes']);
  if (controlPlanes !== 1 && controlPlanes !== 3) {
    throw new Error(`--control-planes: got ${values['control-planes']}, expected 1 or 3`);
  }
  const workers = Number(values.workers);
  if (!/^\d{1,2}$/.test(values.workers))
    throw new Error(`--workers: got ${values.workers}, expected a number`);
  const { folder, balancer } = values;
  if (balancer !== 'haproxy' && balancer !== 'kube-vip')
    throw new Error(`--balancer: got ${balancer}, expected haproxy or kube-vip`);
  return { folder, controlPlanes, balancer, workers };
}

function downCommand(folder: string): string {
  return `npm run e2e:down${folder === DEFAULT_FOLDER ? '' : ` -- --folder ${folder}`}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await runMain(main);
