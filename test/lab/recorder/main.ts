// `node test/lab/recorder/main.ts`: the process of a lab that stands between CAPI and Refit; started only to record.
import { parseArgs } from 'node:util';
import { apiOf, kubeConfigOf } from '../../apiserver/api.ts';
import { runMain } from '../../helpers/run-main.ts';
import { startRecorder } from './recorder.ts';
import { storyReader } from './story-of.ts';

const FLAGS = [
  'port',
  'upstream-port',
  'kubeconfig',
  'folder',
  'server-cert-file',
  'server-key-file',
  'server-ca-file',
  'client-cert-file',
  'client-key-file',
  'client-ca-file',
] as const;
type Flag = (typeof FLAGS)[number];

/** Goes on until it is killed. */
async function main(args: string[]): Promise<number> {
  const flags = flagsOf(args);
  const { port } = await startRecorder({
    port: Number(flags.port),
    serving: {
      certFile: flags['server-cert-file'],
      keyFile: flags['server-key-file'],
      clientCaFile: flags['client-ca-file'],
    },
    upstream: {
      port: Number(flags['upstream-port']),
      certFile: flags['client-cert-file'],
      keyFile: flags['client-key-file'],
      caFile: flags['server-ca-file'],
    },
    folder: flags.folder,
    storyOf: storyReader(apiOf(kubeConfigOf(flags.kubeconfig))),
    log: print,
  });
  print(`recording on 127.0.0.1:${port}`);
  return 0;
}

function flagsOf(args: string[]): Record<Flag, string> {
  const options = Object.fromEntries(FLAGS.map((flag) => [flag, { type: 'string' as const }]));
  const { values } = parseArgs({ args, options });
  const missing = FLAGS.filter((flag) => values[flag] === undefined);
  if (missing.length > 0) throw new Error(`expected also: ${missing.map((flag) => `--${flag}`).join(' ')}`);
  return values as Record<Flag, string>;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runMain(main);
