// Writes numbers that grow into a ConfigMap, and looks each time before it does whether the last one is still there.
import { text } from '../../../src/kubernetes/fields.ts';
import { expectOk, type Answer, type Api } from '../../apiserver/api.ts';

const FOLDER = '/api/v1/namespaces/default/configmaps';
const NAME = 'e2e-writes';

export interface Writer {
  /** One look, one number. Errors: it could not be read, or the number was not acknowledged. */
  write(): Promise<void>;
  /** How often a number that was acknowledged was not there any more. */
  lost(): number;
}

/**
 * `inTime`: fails when the answer is late. What was asked may be done later all the same.
 * `key`: in the ConfigMap's data. Of this writer alone: a number of another one would look like a loss.
 */
export function createWriter(
  api: Pick<Api, 'get' | 'create' | 'patch'>,
  inTime: (answer: Promise<Answer>) => Promise<Answer>,
  key: string,
): Writer {
  let [acknowledged, next, lost] = [0, 1, 0];
  const put = async (found: Answer): Promise<Answer> => {
    const data = { [key]: String(next) };
    if (found.status === 404) {
      const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data };
      return inTime(api.create(FOLDER, configMap));
    }
    // A late one must not come through behind it, and look like a loss.
    const resourceVersion = text(found.body, 'metadata', 'resourceVersion');
    return inTime(api.patch(`${FOLDER}/${NAME}`, { metadata: { resourceVersion }, data }));
  };
  return {
    async write() {
      for (;;) {
        const found = await inTime(api.get(`${FOLDER}/${NAME}`));
        if (found.status !== 404) await expectOk(Promise.resolve(found));
        const number = Number(text(found.body, 'data', key) ?? 0);
        if (number < acknowledged) [lost, acknowledged] = [lost + 1, number];
        const answer = await put(found);
        // A late one came in between.
        if (answer.status === 409) continue;
        await expectOk(Promise.resolve(answer));
        acknowledged = next;
        next += 1;
        return;
      }
    },
    lost: () => lost,
  };
}
