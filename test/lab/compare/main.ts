// `node test/lab/compare/main.ts [--rate N] [--windows N] [--seconds N]`: part of `npm run bench:lab`.
import { parseArgs } from 'node:util';
import { runMain } from '../../helpers/run-main.ts';
import { writeFigures } from '../figures.ts';
import { compare, type Comparison, type Load, type Measured } from './compare.ts';

async function main(args: string[]): Promise<number> {
  const load = loadOf(args);
  const comparison = await compare(load);
  print(comparison, load);
  const { refit, goExtension } = comparison;
  writeFigures({
    refitP50Ms: refit.p50Ms,
    refitP99Ms: refit.p99Ms,
    refitRssMiB: refit.rssMiB,
    goExtensionP50Ms: goExtension.p50Ms,
    goExtensionP99Ms: goExtension.p99Ms,
    goExtensionRssMiB: goExtension.rssMiB,
  });
  return 0;
}

function loadOf(args: string[]): Load {
  const { values } = parseArgs({
    args,
    options: {
      rate: { type: 'string', default: '200' },
      windows: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '5' },
    },
  });
  for (const [flag, value] of Object.entries(values)) {
    if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${flag}: got ${value}, expected a number above 0`);
  }
  return {
    perSecond: Number(values.rate),
    windows: Number(values.windows),
    windowSeconds: Number(values.seconds),
  };
}

function print({ questions, refit, goExtension }: Comparison, load: Load): void {
  const { perSecond, windows, windowSeconds } = load;
  const row = (name: string, { p50Ms, p99Ms, rssMiB, whole }: Measured): string => {
    const numbers = [p50Ms, p99Ms, rssMiB].map((value) => value.toFixed(2).padStart(9));
    return [name.padEnd(24), ...numbers, `  ${whole} of ${questions}`].join(' ');
  };
  const lines = [
    `CanUpdateMachine: ${questions} recorded requests in turn, ${perSecond}/s over TLS, kept connections;`,
    `medians of ${windows} windows of ${windowSeconds} s each, in which the two take turns`,
    `${''.padEnd(24)}    p50 ms    p99 ms   RSS MiB   whole change claimed`,
    row('Refit', refit),
    row("CAPI's Go test extension", goExtension),
    'The Go extension decides less: it claims version, failure domain, files and the tag of etcd.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

await runMain(main);
