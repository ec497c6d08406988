// The step templates of this version.
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { externalTemplates } from '../generators/external-templates.ts';
import { stepTemplates } from '../generators/step-templates.ts';
import type { Values } from './values.ts';

export function steps(scope: Construct, { image }: Values, version: string): void {
  new ApiObject(scope, 'step-templates', stepTemplates({ version, image }));
  new ApiObject(scope, 'external-templates', externalTemplates({ version, image }));
}
