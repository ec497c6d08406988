import { expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/api/json.ts';
import { synthAll } from '../../src/charts/install.ts';
import { values } from '../../src/charts/values.ts';
import { WEBHOOK, webhookProblem } from '../../src/cli/webhook.ts';
import { edited } from '../helpers/requests.ts';

/** As it is installed, and cert-manager has been there. */
const installed = synthAll(values, '0.1.0')
  .flatMap(({ manifests }) => manifests as JsonObject[])
  .find(
    ({ kind, metadata }) =>
      kind === 'MutatingWebhookConfiguration' && (metadata as JsonObject)['name'] === WEBHOOK,
  );
const whole = edited(installed ?? {}, ['/webhooks/0/clientConfig/caBundle', 'LS0t']);

it.each<[string, JsonObject | undefined, RegExp]>([
  ['is missing', undefined, /^MutatingWebhookConfiguration capi-refit is not there$/],
  ['has no authority yet', installed, /no caBundle/],
  ['lets edits pass', edited(whole, ['/webhooks/0/failurePolicy', 'Ignore']), /got Ignore, expected Fail/],
])('says that the webhook %s', (_name, configuration, problem) => {
  expect(webhookProblem(configuration)).toMatch(problem);
});

it('has nothing to say of that which is installed', () => {
  expect(webhookProblem(whole)).toBeUndefined();
});
