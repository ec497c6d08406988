// Where containerd lies on this machine, and what its configuration says of folders.
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { inspectUnit } from './unit.ts';

export interface ContainerdLayout {
  /** Real path. */
  program: string;
  /** Where images and snapshots lie. */
  dataFolder: string;
  /** Where it looks for CNI plugins, in order; empty: its configuration does not say. */
  cniFolders: readonly string[];
}

export const DEFAULT_CNI_FOLDER = '/opt/cni/bin';
const DEFAULT_DATA_FOLDER = '/var/lib/containerd';

/** undefined: no containerd unit here. Errors: StatusError Failed, also when it does not take its own configuration. */
export async function inspectContainerd(host: Host): Promise<ContainerdLayout | undefined> {
  const unit = await inspectUnit(host, 'containerd');
  if (unit.program === undefined || !unit.program.endsWith('/containerd')) return undefined;
  const program = await host.files.resolve(unit.program);
  if (program === undefined) {
    throw new StatusError(`containerd: ExecStart names ${unit.program}: got no such file`, {
      reason: 'Failed',
    });
  }
  const argv = [...configurationFlag(unit.arguments), 'config', 'dump'];
  const { code, stdout, stderr } = await host.run([program, ...argv]);
  if (code !== 0) {
    throw new StatusError(
      `${program} ${argv.join(' ')}: got exit code ${code}: ${saidWithoutQuotes(stderr)}`,
      {
        reason: 'Failed',
      },
    );
  }
  return { program, ...parseContainerdDump(stdout) };
}

/** Its last word. What is quoted may come from the configuration, which may hold a registry's password. Pure. */
export function saidWithoutQuotes(stderr: string): string {
  return (stderr.trim().split('\n').at(-1) ?? '').replace(/(["'`]).*\1/g, '...').slice(0, 300);
}

/** TOML as containerd prints it: one setting per line, text in single or double quotes. */
export function parseContainerdDump(text: string): Omit<ContainerdLayout, 'program'> {
  const strings = (line: string | undefined): string[] =>
    [...(line ?? '').matchAll(/"([^"]*)"|'([^']*)'/g)]
      .map(([, double, single]) => double ?? single ?? '')
      .filter((value) => value !== '');
  const settings = (name: string): string[] =>
    strings(new RegExp(`^\\s*${name}\\s*=(.*)$`, 'm').exec(text)?.[1]);
  // Before the first section.
  const [root] = strings(/^root\s*=(.*)$/m.exec(text.split(/^\s*\[/m)[0] ?? '')?.[1]);
  return {
    dataFolder: root ?? DEFAULT_DATA_FOLDER,
    cniFolders: [...settings('bin_dirs'), ...settings('bin_dir')],
  };
}

/** The file that the unit names, if it names one. */
function configurationFlag(words: readonly string[]): string[] {
  const index = words.findIndex((word) => /^(-c|--?config)(=|$)/.test(word));
  const [, , value] = /^(-c|--?config)=?(.*)$/.exec(words[index] ?? '') ?? [];
  const file = value === '' ? words[index + 1] : value;
  return file === undefined ? [] : ['--config', file];
}
