import type { ExternalCommand } from '../../api/external-commands.ts';
import { begin } from './begin.ts';
import type { ExternalStep, ExternalSteps } from './external-step.ts';
import { prepare } from './prepare.ts';
import { release } from './release.ts';
import { settle } from './settle.ts';

export const EXTERNAL_STEPS: ExternalSteps = new Map<ExternalCommand, ExternalStep>([
  ['prepare', prepare],
  ['begin', begin],
  ['settle', settle],
  ['release', release],
]);
