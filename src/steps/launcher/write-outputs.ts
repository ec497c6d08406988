import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { STEP_OUTPUTS, type StepCommand } from '../../api/commands.ts';
import type { StepEnd } from './run-step.ts';

/** Of Argo's output parameters those that the step declares, one file each. One that is not known has Argo's default. */
export async function writeOutputs(
  folder: string,
  command: StepCommand,
  { result, outputs }: StepEnd,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'result'), JSON.stringify(result));
  for (const name of STEP_OUTPUTS[command] ?? []) {
    const value = outputs[name];
    if (value !== undefined) await writeFile(path.join(folder, name), value);
  }
}
