// `npm run e2e:down [-- --folder F]`: removes a cluster of real nodes, also what is left of one.
import { parseArgs } from 'node:util';
import { runMain } from '../../helpers/run-main.ts';
import { DEFAULT_FOLDER } from './folder.ts';
import { removeCluster } from './remove.ts';

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { folder: { type: 'string', default: DEFAULT_FOLDER } } });
  const wasThere = await removeCluster(values.folder);
  process.stdout.write(wasThere ? `removed ${values.folder}\n` : `no cluster in ${values.folder}\n`);
  return 0;
}

await runMain(main);
