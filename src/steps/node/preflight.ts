// The step `preflight`: everything that must be right before a node is touched, all of it in one answer.
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { note, refusal, textsOf, type Finding } from './findings.ts';
import { forecast } from './forecast-work.ts';
import { inspectLayout } from './layout.ts';
import type { Action, NodeStep, StepContext } from './node-step.ts';
import { preflightChecks, type Check } from './preflight-checks.ts';

/** What one check came to; `away`: it cannot look now. */
interface Look {
  findings: readonly Finding[];
  away?: StatusError;
}

interface Answer {
  name: NodeStep['name'];
  actions: readonly Action[];
}

/** `flipSteps`: those that may follow; the ones of the plan are asked what they would do. */
export function createPreflight(flipSteps: readonly NodeStep[]): NodeStep {
  return {
    name: 'preflight',
    prepare: async (host, context) => {
      const layout = inspectLayout(host);
      const checks = preflightChecks(host, context, () => layout);
      const looks = await Promise.all(checks.map((check) => look(check)));
      // Without a layout the steps would all say the same once more.
      const found = await layout.catch(() => undefined);
      const asked = await askSteps(found ? plannedSteps(flipSteps, context) : [], host, context);
      const { work, drain, drainFirst } = forecast(
        asked.answers,
        found?.kubeletFlagFiles ?? [],
        context.plan.controlPlane?.method,
      );
      const all = [...looks, ...asked.looks];
      return {
        refusals: refusalsOf(all),
        actions: [],
        notes: distinct(all, 'note'),
        outputs: {
          work: String(work),
          drain,
          'drain-first': String(drainFirst),
          elsewhere: String(context.hasElsewhere === true),
        },
      };
    },
    problems: async () => [],
  };
}

/** `verify` has no work of its own, and nothing to see before the others have done theirs. */
function plannedSteps(flipSteps: readonly NodeStep[], { plan }: StepContext): readonly NodeStep[] {
  return flipSteps.filter(({ name }) => name !== 'verify' && plan.steps.some((step) => step.name === name));
}

/** One after the other: they hash whole binaries. */
async function askSteps(
  steps: readonly NodeStep[],
  host: Host,
  context: StepContext,
): Promise<{ looks: Look[]; answers: Answer[] }> {
  const looks: Look[] = [];
  const answers: Answer[] = [];
  for (const step of steps) {
    const ask = async (): Promise<Finding[]> => {
      const { actions, refusals, notes } = await step.prepare(host, context);
      answers.push({ name: step.name, actions });
      return [...refusals.map(refusal), ...notes.map(note)];
    };
    looks.push(await look(ask, `${step.name}: `));
  }
  return { looks, answers };
}

/** A check that cannot look does not keep the others from it. */
async function look(check: Check, prefix = ''): Promise<Look> {
  try {
    const findings = await check();
    return { findings: findings.map(({ is, text }) => ({ is, text: `${prefix}${text}` })) };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.reason === 'Unavailable') return { findings: [], away: error };
    return { findings: [refusal(`${prefix}${error.message}`)] };
  }
}

/** Errors: Unavailable when that alone is in the way: it may pass. */
function refusalsOf(looks: readonly Look[]): string[] {
  const refusals = distinct(looks, 'refusal');
  const away = looks.flatMap((one) => one.away ?? []);
  if (refusals.length === 0 && away[0]) throw away[0];
  return [...refusals, ...new Set(away.map(({ message }) => message))];
}

/** Several checks need the same, and fail alike when it cannot be had. */
function distinct(looks: readonly Look[], is: Finding['is']): string[] {
  return [...new Set(looks.flatMap(({ findings }) => textsOf(findings, is)))];
}
