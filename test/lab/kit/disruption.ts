// Processes of the lab that a story takes away.
import { PROCESSES, type ProcessName } from '../processes/names.ts';
import type { Site } from './site.ts';

/** Killed, all of them before any is started again; ready when this resolves. */
export async function restart({ lab }: Site, ...names: readonly ProcessName[]): Promise<void> {
  await Promise.all(names.map((name) => lab.kill(name)));
  await Promise.all(names.map((name) => lab.start(name)));
}

/** Whatever a story did: all run again, as a kubelet would have it. */
export async function putInOrder({ lab }: Site): Promise<void> {
  for (const name of PROCESSES) await lab.start(name);
}
