// `npm run lab`: starts a lab that goes on, and says how to use it.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../helpers/run-main.ts';
import { tool } from '../tools/build.ts';
import { isExecutable } from '../tools/provided.ts';
import { isLabRunning } from './connect.ts';
import { folderLayout, shownPath } from './folder.ts';
import { ARGO_SETTINGS, type ArgoSettings } from './processes/names.ts';
import { launchLab } from './supervisor/launch.ts';
import { buildLabTools } from './tools.ts';
import { usage } from './usage.ts';

async function main(args: string[]): Promise<number> {
  const { folder, argo } = flags(args);
  const layout = folderLayout(folder);
  if (await isLabRunning(folder)) {
    const stop = folder === DEFAULT_FOLDER ? '' : ` -- --folder ${folder}`;
    print(`A lab runs already, or is starting, in ${shownPath(layout.root)}:`);
    print(`  export KUBECONFIG=${layout.kubeconfig}`);
    print(`Stop it with: npm run lab:stop${stop}`);
    return 1;
  }
  await buildLabTools();
  const started = performance.now();
  await launchLab({ folder, argo, stays: true, log: (line) => print(`  ${line}`) });
  const seconds = Math.round((performance.now() - started) / 1000);
  const kubectl = isOnPath('kubectl') ? undefined : await tool('kubectl');
  print(usage({ seconds, layout, shown: shownPath, kubectl }));
  return 0;
}

const DEFAULT_FOLDER = 'out/lab';

function flags(args: string[]): { folder: string; argo: ArgoSettings } {
  const { values } = parseArgs({
    args,
    options: {
      folder: { type: 'string', default: DEFAULT_FOLDER },
      argo: { type: 'string', default: 'fast' },
    },
  });
  const argo = ARGO_SETTINGS.find((one) => one === values.argo);
  if (!argo) throw new Error(`--argo: got ${values.argo}, expected one of ${ARGO_SETTINGS.join(', ')}`);
  return { folder: values.folder, argo };
}

function isOnPath(name: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.some((folder) => folder !== '' && isExecutable(path.join(folder, name)));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await runMain(main);
