// A verdict: the value that claims and steps share.

/** Steps that a change may need; the others follow from these. */
export type WorkStep = 'prepull' | 'kubeadm' | 'configure' | 'kubelet';

/** What changes, for the reason of a step: `files /etc/sysctl.d/99-refit.conf`. Holds no values but versions. */
export interface Subject {
  kind: 'version' | 'files' | 'kubelet arguments' | 'fields';
  name: string;
}

export interface Uncovered {
  verdict: 'uncovered';
  reason: string;
}

export type Claim =
  | Uncovered
  | {
      verdict: 'claimed';
      reason: string;
      steps: readonly WorkStep[];
      subject: Subject;
      /** `configure` restarts a component of the control plane or the container runtime for it. */
      disturbs?: boolean;
    };

export function uncovered(reason: string): Uncovered {
  return { verdict: 'uncovered', reason };
}
