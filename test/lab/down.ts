// `npm run lab:stop`: ends a lab, or cleans up after one that was killed.
import { parseArgs } from 'node:util';
import { runMain } from '../helpers/run-main.ts';
import { isLabRunning, stopLab } from './connect.ts';
import { folderLayout, shownPath } from './folder.ts';
import { removeLeftovers } from './remains.ts';

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { folder: { type: 'string', default: 'out/lab' } } });
  const layout = folderLayout(values.folder);
  const where = shownPath(layout.root);
  if (await isLabRunning(layout.root)) {
    await stopLab(layout.root);
    print(`The lab in ${where} has ended; its logs are in ${shownPath(layout.logs)}`);
  } else if (await removeLeftovers(layout)) {
    print(`The lab in ${where} had been killed; what it left is gone, its logs are there`);
  } else {
    print(`No lab in ${where}`);
  }
  return 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runMain(main);
