// Refit and CAPI's own Go test extension answer the same recorded CanUpdateMachine requests under the same load.
import { type Call, latencies, percentile, post } from '../../../bench/server-process.ts';
import { type Contender, startContenders } from './contenders.ts';
import { coverageOf, type Question, questions } from './questions.ts';

export interface Load {
  perSecond: number;
  /** Of each server; they take turns, so that what disturbs the machine disturbs both. */
  windows: number;
  windowSeconds: number;
}

export interface Measured {
  /** Medians over the windows. */
  p50Ms: number;
  p99Ms: number;
  /** Highest of those after each window. */
  rssMiB: number;
  /** Answers that cover the whole change, of all questions. */
  whole: number;
}

export interface Comparison {
  questions: number;
  refit: Measured;
  goExtension: Measured;
}

/** Errors: an answer that is not Success with patches. */
export async function compare(load: Load): Promise<Comparison> {
  const { questions: asked, policy } = questions();
  const contenders = await startContenders(asked, policy);
  try {
    const windows = { refit: [] as Window[], goExtension: [] as Window[] };
    const whole = { refit: 0, goExtension: 0 };
    for (const one of contenders.all) {
      whole[one.name] = await wholeAnswers(one, asked);
      await latencies(one.port, calls(asked, load), load.perSecond); // warm
    }
    for (let turn = 0; turn < load.windows; turn += 1) {
      const order = turn % 2 === 0 ? contenders.all : contenders.all.toReversed();
      for (const one of order) windows[one.name].push(await window(one, asked, load));
    }
    const measured = (name: Contender['name']): Measured => ({
      p50Ms: median(windows[name].map(({ p50Ms }) => p50Ms)),
      p99Ms: median(windows[name].map(({ p99Ms }) => p99Ms)),
      rssMiB: Math.max(...windows[name].map(({ rssMiB }) => rssMiB)),
      whole: whole[name],
    });
    return { questions: asked.length, refit: measured('refit'), goExtension: measured('goExtension') };
  } finally {
    await contenders.stop();
  }
}

type Window = Omit<Measured, 'whole'>;

async function window(one: Contender, asked: readonly Question[], load: Load): Promise<Window> {
  const measured = await latencies(one.port, calls(asked, load), load.perSecond);
  return {
    p50Ms: percentile(measured, 0.5),
    p99Ms: percentile(measured, 0.99),
    rssMiB: one.rssMiB(),
  };
}

function calls(asked: readonly Question[], { perSecond, windowSeconds }: Load): Call[] {
  return Array.from({ length: perSecond * windowSeconds }, (_, index) => {
    const question = asked[index % asked.length];
    if (!question) throw new Error('recorded requests: got none that Refit accepts');
    return question;
  });
}

async function wholeAnswers({ name, port }: Contender, asked: readonly Question[]): Promise<number> {
  let whole = 0;
  for (const question of asked) {
    const answer = await post(false, port, question.path, question.body);
    if (coverageOf(name, question, answer) === 'whole') whole += 1;
  }
  return whole;
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
