// A host on which the process that uses it ends before its n-th effect: what it waits for then never comes.
import { mkdirSync } from 'node:fs';
import type { Host, HostFiles } from '../../../../src/steps/host/host.ts';
import type { FlipMachine } from './flip-machine.ts';

const CHANGES = ['write', 'copy', 'rename', 'makeFolder', 'remove'] as const;
const LOOKS = ['flock', 'show'];

export interface Ending {
  /** It came to its own end: what it gave, or the text of its error; undefined: killed. */
  ended: string | undefined;
  /** Effects up to there. */
  effects: number;
}

/** @param killBefore 0: never */
export async function runKilled(
  machine: FlipMachine,
  killBefore: number,
  work: (host: Host) => Promise<string | void>,
): Promise<Ending> {
  let effects = 0;
  const killed = Promise.withResolvers<undefined>();
  const isKilled = (): boolean => killBefore > 0 && effects >= killBefore;
  const effect = async <T>(perform: () => Promise<T>): Promise<T> => {
    effects += 1;
    if (!isKilled()) return perform();
    killed.resolve(undefined);
    return new Promise<never>(() => undefined);
  };
  const { host } = machine;
  const files: HostFiles = { ...host.files };
  for (const name of CHANGES) {
    const change = Reflect.get(host.files, name) as (...args: unknown[]) => Promise<void>;
    Object.assign(files, { [name]: (...args: unknown[]) => effect(() => change(...args)) });
  }
  const run: Host['run'] = (argv, options) => {
    if (argv.slice(0, 2).some((word) => LOOKS.includes(word))) return host.run(argv, options);
    return effect(() => host.run(argv, options)).finally(() => undefined);
  };
  const torn: Host['run'] = (argv, options) => {
    // Of a copy or a restore that is cut a part is there.
    const place = argv[0] === 'cp' ? argv[5] : argv.at(-1)?.replace('--data-dir=', '');
    const isCut = effects + 1 === killBefore && (argv[0] === 'cp' || argv[2] === 'restore');
    if (isCut && place !== undefined) mkdirSync(`${machine.root}${place}/member`, { recursive: true });
    return run(argv, options);
  };
  const ended = work({ ...host, files, run: torn }).then(
    (given) => given ?? 'done',
    (error: Error) => error.message,
  );
  return { ended: await Promise.race([ended, killed.promise]), effects };
}
