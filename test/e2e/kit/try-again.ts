import { RETRY_ANNOTATION } from '../../../src/api/labels.ts';
import { machinePath } from '../../../src/steps/api/paths.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { E2eNode } from '../cluster/connect.ts';
import type { Site } from './site.ts';

/** As a person does it who has corrected the cause. */
export async function tryAgain({ api, namespace }: Site, { name }: E2eNode): Promise<void> {
  const metadata = { annotations: { [RETRY_ANNOTATION]: 'now' } };
  await expectOk(api.patch(machinePath(namespace, name), { metadata }));
}
