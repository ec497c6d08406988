// Cluster API's Machine controller, as far as in-place updates go: asks until it is told that the update is done.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../src/api/json.ts';
import { eventually } from '../../helpers/eventually.ts';
import { messages } from '../../helpers/messages.ts';
import { type Desired, removeMarks, writeDesired } from './desired.ts';
import { type HookAnswer, hookClient } from './hook-client.ts';
import { mirrorNodes } from './machine-status.ts';
import { readMachineObjects, updateMachineRequest } from './objects.ts';
import type { Site } from './site.ts';

export interface Answer extends HookAnswer {
  /** Milliseconds since the epoch. */
  at: number;
}

export interface Update {
  /** Also those that were not answered, with status `none`. */
  answers: readonly Answer[];
  /** Of the first call. */
  requestedAt: number;
  /** Waits until an answer's message matches. Errors: the last one. */
  says(pattern: RegExp, seconds: number): Promise<Answer>;
  /** Waits until it is done, and its marks are gone. Errors: the last answer. */
  done(seconds: number): Promise<Answer>;
  /** Stops asking. */
  close(): Promise<void>;
}

/** Most errors make Cluster API ask again after about a second. */
const AFTER_ERROR_SECONDS = 1;

/** Writes what is desired, then asks; in the background until it is done or closed. */
export async function beginUpdate(site: Site, machine: string, desired: Desired): Promise<Update> {
  return askFor(site, machine, updateMachineRequest(await writeDesired(site, machine, desired)));
}

/** Asks again for what is desired already. */
export async function repeatRequest(site: Site, machine: string): Promise<Update> {
  return askFor(site, machine, updateMachineRequest(await readMachineObjects(site, machine)));
}

async function askFor(site: Site, machine: string, first: JsonObject): Promise<Update> {
  const call = await hookClient(site);
  const answers: Answer[] = [];
  let [isClosed, areMarksGone] = [false, false];
  const requestedAt = Date.now();

  async function ask(): Promise<void> {
    const mirror = mirrorNodes(site);
    let request = first;
    while (!isClosed && !isDone(answers)) {
      const answer = await call(request).catch(unanswered);
      answers.push({ ...answer, at: Date.now() });
      if (isDone(answers)) break;
      await sleepUnless(() => isClosed, answer.retryAfterSeconds || AFTER_ERROR_SECONDS);
      request = await currentRequest(site, machine, request);
    }
    await mirror.close();
    if (!isDone(answers)) return;
    await eventually('marks of the update removed', () => removeMarks(site, machine).then(() => true), 120);
    areMarksGone = true;
  }

  let failure: unknown;
  const ended = ask().catch((error: unknown) => (failure = error));
  const until = async (what: string, find: () => Answer | undefined, seconds: number): Promise<Answer> => {
    await eventually(`Machine ${machine}: ${what}`, () => isTrue(failure, find, answers), seconds);
    return find() as Answer;
  };
  return {
    answers,
    requestedAt,
    says: (pattern, seconds) =>
      until(String(pattern), () => answers.find(({ message }) => pattern.test(message)), seconds),
    done: (seconds) => until('update done', () => (areMarksGone ? answers.at(-1) : undefined), seconds),
    async close() {
      isClosed = true;
      await ended;
    },
  };
}

function isTrue(
  failure: unknown,
  find: () => Answer | undefined,
  answers: readonly Answer[],
): boolean | string {
  if (failure !== undefined) throw new Error('asking for the update failed', { cause: failure });
  if (find() !== undefined) return true;
  const last = answers.at(-1);
  return last === undefined ? 'no answer yet' : `${last.status}: ${last.message}`;
}

/** As Cluster API is told it. */
export function isDone(answers: readonly Answer[]): boolean {
  const last = answers.at(-1);
  return last?.status === 'Success' && last.retryAfterSeconds === 0;
}

function unanswered(error: unknown): HookAnswer {
  return { status: 'none', message: messages(error), retryAfterSeconds: 0 };
}

/** Cluster API has the objects in its cache when the API is away. */
async function currentRequest(site: Site, machine: string, known: JsonObject): Promise<JsonObject> {
  try {
    return updateMachineRequest(await readMachineObjects(site, machine));
  } catch {
    return known;
  }
}

async function sleepUnless(isClosed: () => boolean, seconds: number): Promise<void> {
  for (let left = seconds * 4; left > 0 && !isClosed(); left -= 1) await sleep(250);
}
