import type { StepResult } from '../../../src/api/step-result.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { hostReports } from './host-reports.ts';
import { operation } from './operation.ts';
import type { Site } from './site.ts';

/** Of the step in the last operation, as the node keeps it. */
export async function lastReport(site: Site, node: E2eNode, step: string): Promise<StepResult | undefined> {
  const last = await operation(site, node.name);
  return hostReports(node, last?.name ?? '').find((report) => report.step === step);
}
