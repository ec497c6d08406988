// What every step on a node is: look, say what must be done, do it, look again.
import type { Components } from '../../api/components.ts';
import type { DesiredConfiguration } from '../../api/desired-configuration.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import type { NodeCommand } from '../../api/commands.ts';
import type { StepResult } from '../../api/step-result.ts';
import type { Argv, Host } from '../host/host.ts';

export type Change = StepResult['changes'][number];

/** One thing to do; data, so that tests can read the whole list. */
export type Action =
  /** Replaces a binary (mode 0755, root) by a staged one whose sha256 is checked again. */
  | { do: 'install'; from: string; to: string; sha256: string; change: Change }
  | { do: 'write'; path: string; content: Uint8Array; mode: number; owner?: string; change: Change }
  | { do: 'remove'; path: string; change: Change }
  /** Any exit code but 0 fails the step. */
  | {
      do: 'run';
      argv: Argv;
      timeoutSeconds?: number;
      env?: Readonly<Record<string, string>>;
      change?: Change;
    }
  /** What is none of these; `what` says it all. Must be repeatable: it may be cut at any point and done again. */
  | { do: 'work'; what: string; perform: (host: Host) => Promise<void>; change?: Change };

export interface Work {
  /** Why the step must not be done; each names what was found and what was expected. Then nothing is touched. */
  refusals: readonly string[];
  /** Empty: the effect is there already. */
  actions: readonly Action[];
  /** For people, into the log and the message: what was noticed and left alone. */
  notes: readonly string[];
  /** Output parameters (STEP_OUTPUTS). */
  outputs?: Readonly<Record<string, string>>;
}

export interface StagedComponents extends Components {
  /** Of components.json, absolute on the host: in the Job's container at first, the stage folder later. */
  folder: string;
}

/** Everything a step is given besides the host. */
export interface StepContext {
  plan: HostPlan;
  /** undefined in steps that do not get it (backup, prepull on workers, finish, rollback). */
  desired: DesiredConfiguration | undefined;
  /** undefined when this launch brought none and none are staged. */
  components: StagedComponents | undefined;
  /** Of preflight: as its launch was told. */
  hasElsewhere?: boolean | undefined;
}

export interface NodeStep {
  readonly name: NodeCommand;
  /** Only looks. Errors: StatusError when it cannot even look. */
  prepare(host: Host, context: StepContext): Promise<Work>;
  /** The effect, judged from outside; asked again until it is empty or the time is over. Each names got and expected. */
  problems(host: Host, context: StepContext): Promise<readonly string[]>;
  /**
   * After a failure, when the files that the step changed are back as they were: what makes that effective (daemon-reload,
   * restart). 'forward': the files are not put back, the step can only be done again (kubeadm, once a new etcd or API
   * server has run). Default: files back, nothing else to do.
   */
  restoration?(host: Host, context: StepContext): Promise<readonly Argv[] | 'forward'>;
}
