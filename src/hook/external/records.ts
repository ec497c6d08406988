// What an owner's record becomes. Pure.
import type { ExternalRecord } from '../../api/external-record.ts';
import { text } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { RELEASE_ANNOTATION } from '../../api/labels.ts';
import type { WorkflowView } from '../store.ts';

/** Of the upgrade that this Workflow does now. */
export function runningRecord(
  owner: JsonObject,
  { number, to, applied }: ExternalRecord,
  workflow: string,
  now: Date,
): ExternalRecord {
  const release = text(owner, 'metadata', 'annotations', RELEASE_ANNOTATION);
  return {
    version: 1,
    number,
    state: 'running',
    to,
    workflow,
    startedAt: now.toISOString(),
    ...(release === undefined ? {} : { release }),
    ...(applied === undefined ? {} : { applied }),
  };
}

/** Asked for again, under the next number. */
export function nextRecord({ number, to, applied }: ExternalRecord): ExternalRecord {
  return {
    version: 1,
    number: number + 1,
    state: 'requested',
    to,
    ...(applied === undefined ? {} : { applied }),
  };
}

/** Why an upgrade failed whose Workflow ended without a word of its own. */
export function reasonOf(workflow: WorkflowView): string {
  const failed = workflow.tasks.find((task) => task.phase === 'Failed' || task.phase === 'Error');
  const why = failed
    ? `${failed.name}: ${failed.message ?? failed.phase}`
    : (workflow.message ?? workflow.phase);
  return `Workflow ${workflow.name} ended ${workflow.phase} and could not record it: ${why}`;
}
