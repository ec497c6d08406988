// All processes of a lab, by name.
import { PROCESSES, type StartOptions, type Usage } from './names.ts';
import { labProcess, type ProcessSpec, usageOf } from './process.ts';

/** The recorder runs only in labs that record. */
const CREW = [...PROCESSES, 'recorder'] as const;
export type CrewName = (typeof CREW)[number];

/** How each is started; called every time. */
export type Specs = Record<CrewName, (options: StartOptions) => Promise<ProcessSpec>>;

export interface Crew {
  /** Resolves when it is ready, at once if it runs. */
  start: (name: CrewName, options?: StartOptions) => Promise<void>;
  kill: (name: CrewName) => Promise<void>;
  /** Errors: it does not run. */
  usage(name: CrewName): Usage;
  /** For good. */
  stop: () => Promise<void>;
}

export interface CrewOptions {
  specs: Specs;
  /** Folder of the logs. */
  logs: string;
  /** Told what ended by itself. */
  log: (line: string) => void;
  /** Told what runs. */
  changed: (pids: number[]) => void;
}

export function createCrew({ specs, logs, log, changed }: CrewOptions): Crew {
  let isStopping = false;
  const died = (name: string) => (how: string) => isStopping || log(`${name} ${how}: nobody had killed it`);
  const processes = Object.fromEntries(
    CREW.map((name) => [name, labProcess(name, logs, died(name))] as const),
  ) as Record<CrewName, ReturnType<typeof labProcess>>;
  const note = () => changed(CREW.map((name) => processes[name].pid()).filter((pid) => pid !== undefined));
  note();

  function mustGoOn(name: string): void {
    if (isStopping) throw new Error(`${name}: not started, the lab is stopping`);
  }

  return {
    async start(name, options = {}) {
      const prepare = async () => {
        mustGoOn(name);
        const spec = await specs[name](options);
        mustGoOn(name);
        return spec;
      };
      await processes[name].start(prepare);
      note();
    },
    async kill(name) {
      await processes[name].kill();
      note();
    },
    usage(name) {
      const pid = processes[name].pid();
      if (pid === undefined) throw new Error(`${name}: does not run`);
      return usageOf(pid);
    },
    async stop() {
      isStopping = true;
      await Promise.all(CREW.map((name) => processes[name].kill()));
    },
  };
}
