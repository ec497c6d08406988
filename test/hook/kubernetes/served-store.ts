// A store on the stand-in, with time and log in the hands of the test.
import { MACHINES } from '../../../src/hook/kubernetes/resources.ts';
import { kubernetesStore } from '../../../src/hook/kubernetes/store.ts';
import type { Store } from '../../../src/hook/store.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { fakeClock, type FakeClock } from '../../helpers/clock.ts';
import { recordingLog, type RecordedLog } from '../../helpers/log.ts';
import { until } from '../../helpers/until.ts';
import { machineObject } from './samples.ts';

/** Kinds of objects that the store watches. */
export const KINDS = 4;

export interface ServedStore {
  server: ApiServer;
  clock: FakeClock;
  log: RecordedLog;
  store: Store;
  putMachine(name: string): void;
  deleteMachine(name: string): void;
  changeMachine(name: string, mark: string): void;
  /** Starts it and waits until it is ready and watches. */
  started(): Promise<void>;
  /** Waits until every watch failed so many times. */
  failures(times: number): Promise<void>;
  markSeen(name: string, mark: string): Promise<void>;
  end(): Promise<void>;
}

/** The server has one Machine, m-1; the store is not started. Delays have no jitter. */
export async function servedStore(): Promise<ServedStore> {
  const server = new ApiServer();
  await server.start();
  const clock = fakeClock();
  const log = recordingLog();
  const store = kubernetesStore({ kubeConfig: server.kubeConfig(), clock, log, random: () => 0.5 });
  const place = (name: string) => ({ collection: MACHINES.path(), namespace: 'lab', name });
  const served: ServedStore = {
    server,
    clock,
    log,
    store,
    putMachine: (name) => void server.data.create(place(name), machineObject('lab', name)),
    deleteMachine: (name) => void server.data.delete(place(name)),
    changeMachine: (name, mark) =>
      void server.data.patch(place(name), { metadata: { annotations: { mark } } }),
    async started() {
      await store.start();
      await until(() => store.ready() && server.watches === KINDS, 'all caches filled and watched');
    },
    failures: (times) => until(() => log.entries.length === KINDS * times, `${times} failures of each watch`),
    markSeen: (name, mark) =>
      until(() => store.machine('lab', name)?.annotations['mark'] === mark, `${mark} seen`),
    async end() {
      await store.close();
      await server.stop();
    },
  };
  served.putMachine('m-1');
  return served;
}
