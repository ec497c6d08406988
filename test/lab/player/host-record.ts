// What an operation leaves on its host, here in an annotation of the Node: of the last operation only.
import { z } from 'zod';
import type { HostPlan } from '../../../src/api/host-plan.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { stepReportSchema, type StepReport } from '../../../src/api/step-result.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { nodeState } from '../../../src/steps/api/node.ts';
import { nodePath } from '../../../src/steps/api/paths.ts';
import { amend } from './amend.ts';

const ANNOTATION = 'lab.capi-refit.io/host';

const recordSchema = z.strictObject({
  operation: z.string(),
  /** Kubernetes version before. */
  from: z.string(),
  /** By step of the flip group. */
  reports: z.record(z.string(), stepReportSchema),
  /** A launch of `drain` let it go on. */
  drained: z.boolean().optional(),
});

export type HostRecord = z.infer<typeof recordSchema>;

/** Of the operation of the plan; an empty one when the host knows nothing of it. */
export async function readRecord(server: ApiClient, plan: HostPlan): Promise<HostRecord> {
  return recordOn(await server.get(nodePath(plan.node.name)), plan);
}

export async function writeReport(server: ApiClient, plan: HostPlan, report: StepReport): Promise<void> {
  await amend(server, nodePath(plan.node.name), (node) => {
    const record = recordOn(node, plan);
    const reports = { ...record.reports, [report.result.step]: report };
    return { metadata: { annotations: { [ANNOTATION]: JSON.stringify({ ...record, reports }) } } };
  });
}

export async function writeDrained(server: ApiClient, plan: HostPlan): Promise<void> {
  await amend(server, nodePath(plan.node.name), (node) => {
    const record = { ...recordOn(node, plan), drained: true };
    return { metadata: { annotations: { [ANNOTATION]: JSON.stringify(record) } } };
  });
}

function recordOn(node: JsonObject, { operation }: HostPlan): HostRecord {
  const found = text(node, 'metadata', 'annotations', ANNOTATION);
  const record = found === undefined ? undefined : recordSchema.parse(JSON.parse(found));
  if (record?.operation === operation) return record;
  return { operation, from: nodeState(node).kubeletVersion, reports: {} };
}
