// What an operation leaves in its folder on the host besides logs: plan, reports, and where it stands.
import { z } from 'zod';
import {
  desiredConfigurationDigest,
  desiredConfigurationSchema,
  type DesiredConfiguration,
} from '../../api/desired-configuration.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { hostPlanDigest, hostPlanSchema, type HostPlan } from '../../api/host-plan.ts';
import { stepReportSchema, type StepReport } from '../../api/step-result.ts';
import { FLIP_STEPS } from '../../api/steps.ts';
import { cancelFile, desiredFile, operationFolder, planFile, reportFile } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { readJson } from '../node/json-file.ts';

/** The node was handed the plan: written before its unit starts, kept when it has ended. */
const handOverSchema = z.strictObject({
  planSha256: z.string(),
  /** Of the boot in which a launch last started the unit. */
  bootId: z.string(),
  at: z.string(),
});
/** The step was begun; written again when its watchdog is armed anew. */
const begunSchema = z.strictObject({ startedAt: z.string(), watchdogAt: z.string().optional() });
/** The watchdog's judgement; the unit obeys it when it starts again. */
const giveUpSchema = z.strictObject({
  step: z.enum(FLIP_STEPS),
  /** Put the node's files back as they were. False: it is healthy, only the step does not end. */
  restore: z.boolean(),
  reason: z.string(),
});

/** The unit waits for `drain`. */
const waitingSchema = z.strictObject({ since: z.string(), until: z.string() });

export type Waiting = z.infer<typeof waitingSchema>;
export type HandOver = z.infer<typeof handOverSchema>;
export type Begun = z.infer<typeof begunSchema>;
export type GiveUp = z.infer<typeof giveUpSchema>;

export const handOverFile = (operation: string): string => `${operationFolder(operation)}/unit.json`;
export const begunFile = (operation: string, step: string): string =>
  `${operationFolder(operation)}/${step}.begun`;
export const waitingFile = (operation: string): string => `${operationFolder(operation)}/waiting.json`;
/** Present: a launch of `drain` lets the list go on. */
export const drainedFile = (operation: string): string => `${operationFolder(operation)}/drained`;
export const giveUpFile = (operation: string): string => `${operationFolder(operation)}/give-up.json`;

/** A record that cannot be read counts as absent: what it says is done again, which is harmless. */
export const readReport = (host: Host, operation: string, step: string): Promise<StepReport | undefined> =>
  readJson(host, reportFile(operation, step), stepReportSchema);
export const readHandOver = (host: Host, operation: string): Promise<HandOver | undefined> =>
  readJson(host, handOverFile(operation), handOverSchema);
export const readBegun = (host: Host, operation: string, step: string): Promise<Begun | undefined> =>
  readJson(host, begunFile(operation, step), begunSchema);
export const readGiveUp = (host: Host, operation: string): Promise<GiveUp | undefined> =>
  readJson(host, giveUpFile(operation), giveUpSchema);

export const readWaiting = (host: Host, operation: string): Promise<Waiting | undefined> =>
  readJson(host, waitingFile(operation), waitingSchema);

export async function isDrained(host: Host, operation: string): Promise<boolean> {
  return (await host.files.status(drainedFile(operation))) !== undefined;
}

export async function isCancelled(host: Host, operation: string): Promise<boolean> {
  return (await host.files.status(cancelFile(operation))) !== undefined;
}

export async function bootId(host: Host): Promise<string> {
  return ((await host.files.read('/proc/sys/kernel/random/boot_id')) ?? '').toString().trim();
}

export async function writeRecord(host: Host, path: string, value: unknown): Promise<void> {
  await host.files.write(path, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
}

export async function writeReport(host: Host, report: StepReport): Promise<void> {
  const { operation, step } = report.result;
  await writeRecord(host, reportFile(operation, step), stepReportSchema.parse(report));
}

/** undefined: none. Errors: BadInput when it is not a plan of this operation. */
export async function readPlan(host: Host, operation: string): Promise<HostPlan | undefined> {
  const file = planFile(operation);
  if ((await host.files.status(file)) === undefined) return undefined;
  const plan = await readJson(host, file, hostPlanSchema);
  if (plan === undefined) throw badInput(file, 'something else', 'a plan');
  if (plan.operation !== operation) throw badInput(`${file}: operation`, plan.operation, operation);
  return plan;
}

/** Errors: BadInput naming both digests. */
export async function readCheckedPlan(host: Host, operation: string, sha256: string): Promise<HostPlan> {
  const plan = await readPlan(host, operation);
  const got = plan && hostPlanDigest(plan);
  if (plan === undefined || got !== sha256) throw badInput(`${planFile(operation)}: sha256`, got, sha256);
  return plan;
}

/** Errors: Failed when it is absent or not the one that the plan was made for. */
export async function readDesired(host: Host, plan: HostPlan): Promise<DesiredConfiguration> {
  const file = desiredFile(plan.operation);
  const desired = await readJson(host, file, desiredConfigurationSchema);
  const got = desired && desiredConfigurationDigest(desired);
  if (desired !== undefined && got === plan.desiredSha256) return desired;
  throw new StatusError(`${file}: sha256: got ${got ?? 'no such file'}, expected ${plan.desiredSha256}`, {
    reason: 'Failed',
  });
}
