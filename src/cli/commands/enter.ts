// `refit host enter`: the container of a node Job.
import path from 'node:path';
import { COMPONENTS_FOLDER, INPUT_FOLDER, INPUT_KEY, PROGRAM_FOLDER } from '../../api/install.ts';
import { STATE_FOLDER } from '../../steps/host/folders.ts';
import { enter } from '../../steps/launcher/enter/enter.ts';
import type { Io } from '../io.ts';

/** Of the host's init: mounts, host name, IPC, network, processes. */
const INTO_HOST = ['nsenter', '-t', '1', '-m', '-u', '-i', '-n', '-p', '--'];

export async function enterHost(io: Io): Promise<number> {
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  return enter({
    inputFile: path.join(INPUT_FOLDER, INPUT_KEY),
    programFolder: PROGRAM_FOLDER,
    componentsFolder: COMPONENTS_FOLDER,
    stateFolder: STATE_FOLDER,
    procFolder: '/proc',
    terminationLog: '/dev/termination-log',
    intoHost: INTO_HOST,
    pid: process.pid,
    now: () => new Date(),
    out: (line) => io.out(`${line}\n`),
    signal: stop.signal,
  });
}
