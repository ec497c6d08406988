// Lists of steps as parameters are written: `kubeadm:3600,kubelet:600:2400`.
import { badInput } from './errors.ts';
import type { ListedStep } from './host-plan.ts';
import { FLIP_STEPS, QUIET_STEPS, step, type QuietStep, type StepName } from './steps.ts';

/** The parameter `behind`: what goes on while the node works as before, each with its bound. */
export interface StepBehind {
  name: QuietStep;
  timeoutSeconds: number;
}

/** The parameter `steps`: `containerd,kubeadm:3600,kubelet:600:2400`. */
export function writeStepList(steps: readonly ListedStep[]): string {
  return steps
    .map(({ waitSeconds, ...timed }) =>
      waitSeconds === undefined ? item(timed) : `${timed.name}:${timed.timeoutSeconds}:${waitSeconds}`,
    )
    .join(',');
}

/** Errors: BadInput for what is not a list of steps of the flip group. */
export function readStepList(text: string): ListedStep[] {
  return items('steps', text, FLIP_STEPS, 2).map(({ name, numbers: [timeoutSeconds, waitSeconds] }) => ({
    name,
    timeoutSeconds: timeoutSeconds ?? step(name).timeoutSeconds,
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
  }));
}

/** The parameter `behind`: `preflight,protect,backup:1200,stage`. */
export function writeStepsBehind(steps: readonly StepBehind[]): string {
  return steps.map(item).join(',');
}

/** Errors: BadInput for what is not a list of quiet steps. */
export function readStepsBehind(text: string): StepBehind[] {
  return items('behind', text, QUIET_STEPS, 1).map(({ name, numbers: [timeoutSeconds] }) => ({
    name,
    timeoutSeconds: timeoutSeconds ?? step(name).timeoutSeconds,
  }));
}

function item({ name, timeoutSeconds }: { name: StepName; timeoutSeconds: number }): string {
  return timeoutSeconds === step(name).timeoutSeconds ? name : `${name}:${timeoutSeconds}`;
}

function items<N extends StepName>(field: string, text: string, names: readonly N[], mostNumbers: number) {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const [word = '', ...numbers] = part.split(':');
    const name = names.find((candidate) => candidate === word);
    const areNumbers =
      numbers.length <= mostNumbers && numbers.every((number) => /^[1-9]\d{0,5}$/.test(number));
    if (name === undefined || !areNumbers) {
      const forms = ['each alone', 'with :seconds', 'with :seconds:seconds'].slice(0, mostNumbers + 1);
      throw badInput(field, text, `some of ${names.join(', ')}, ${forms.join(', or ')}`);
    }
    return { name, numbers: numbers.map(Number) };
  });
}
