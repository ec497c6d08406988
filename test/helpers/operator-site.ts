// A management cluster for people's commands, and the commands as people run them: arguments in, text and exit code out.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonObject } from '../../src/api/json.ts';
import { run } from '../../src/cli/run.ts';
import { text } from '../../src/kubernetes/fields.ts';
import { ApiServer } from './api-server.ts';
import { fakeIo } from './io.ts';
import { NAMESPACE, PLACES, type Sample } from './operator-objects.ts';

export async function operatorSite() {
  const server = new ApiServer();
  await server.start();
  const folder = await mkdtemp(path.join(tmpdir(), 'refit-operator-'));
  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, server.kubeConfig().exportConfig(), { mode: 0o600 });
  const placeOf = (kind: Sample['kind'], name: string) => ({
    collection: PLACES[kind],
    namespace: NAMESPACE,
    name,
  });
  return {
    server,
    kubeconfig,
    put: (...samples: Sample[]): void => {
      for (const sample of samples) server.data.create(placeOf(sample.kind, sample.metadata.name), sample);
    },
    /** Any kind, by its collection. */
    putAt: (collection: string, ...objects: JsonObject[]): void => {
      for (const object of objects) {
        const namespace = text(object, 'metadata', 'namespace') ?? '';
        server.data.create({ collection, namespace, name: text(object, 'metadata', 'name') ?? '' }, object);
      }
    },
    get: (kind: Sample['kind'], name: string) => server.data.get(placeOf(kind, name)) ?? {},
    async run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
      const io = fakeIo();
      const code = await run([...argv, '--kubeconfig', kubeconfig], io);
      return { code, stdout: io.stdout(), stderr: io.stderr() };
    },
    async end(): Promise<void> {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export type OperatorSite = Awaited<ReturnType<typeof operatorSite>>;
