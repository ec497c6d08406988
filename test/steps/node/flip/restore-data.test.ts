import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Argv, Host } from '../../../../src/steps/host/host.ts';
import {
  dataBackFile,
  etcdCopy,
  keptManifest,
  keptSnapshotTool,
} from '../../../../src/steps/node/flip/flip-folder.ts';
import { putDataBack } from '../../../../src/steps/node/flip/restore-data.ts';
import { createFlipMachine, type FlipMachine } from './flip-machine.ts';
import { DATA_FOLDER, DATABASE, manifestOf, OPERATION } from './flip-site.ts';

const COPY = `${etcdCopy(OPERATION)}/member/snap/db`;
const BESIDE = `${DATA_FOLDER}/.member.refit-flip`;

let machine: FlipMachine;
let commands: Argv[];
let freeBytes: number;
/** What the data folder held when the data were restored. */
let present: string[];
let fails: boolean;
let host: Host;
beforeEach(async () => {
  machine = createFlipMachine();
  [commands, freeBytes, present, fails] = [[], 2 ** 40, [], false];
  host = {
    ...machine.host,
    files: { ...machine.host.files, space: async () => ({ freeBytes, freeInodes: 1000 }) },
    run: async (argv, options) => {
      commands.push(argv);
      if (argv[2] === 'restore') {
        present = await machine.host.files.list(DATA_FOLDER);
        if (fails) return { code: 1, stdout: '', stderr: 'Error: no space left on device\n' };
      }
      return machine.host.run(argv, options);
    },
  };
  await host.files.write(COPY, 'write old\n', { mode: 0o600 });
  await host.files.write(DATABASE, 'write new\n', { mode: 0o600 });
  await keepManifest(manifestOf('etcd', 'old'));
});
afterEach(() => machine.remove());

const keepManifest = (text: string): Promise<void> =>
  host.files.write(keptManifest(OPERATION, 'etcd'), text, { mode: 0o600 });
const restore = (): Promise<void> => putDataBack(host, OPERATION, DATA_FOLDER);
const restored = (): Argv => commands.find((argv) => argv[2] === 'restore') ?? ['nothing'];

describe('data that go back', () => {
  it('are restored by the program that was kept, for the member of the old manifest, with raised revisions', async () => {
    await restore();
    expect(restored()).toEqual([
      ...[keptSnapshotTool(OPERATION), 'snapshot', 'restore', COPY],
      ...['--skip-hash-check', '--bump-revision=1000000000', '--mark-compacted'],
      ...['--name=node-1', '--initial-advertise-peer-urls=https://172.30.0.11:2380'],
      '--initial-cluster=node-1=https://172.30.0.11:2380',
      `--data-dir=${BESIDE}`,
    ]);
    expect(commands.map(([program]) => program)).toEqual([keptSnapshotTool(OPERATION), 'chown', 'sync']);
    expect(machine.database()).toEqual(['write old', 'raised 1000000000']);
    expect(await host.files.list(DATA_FOLDER)).toEqual(['member']);
    expect(await host.files.status(COPY)).toBeDefined();
  });

  it('keep the token of their cluster, and all of their peer URLs', async () => {
    const flags = '$1--initial-cluster-token=edge\n$1--initial-advertise-peer-urls=https://a:1,https://b:2';
    const old = manifestOf('etcd', 'old').replace(/( *- )--initial-advertise-peer-urls=\S+/, flags);
    await keepManifest(old);
    await restore();
    expect(restored()).toEqual(
      expect.arrayContaining([
        '--initial-cluster-token=edge',
        '--initial-cluster=node-1=https://a:1,node-1=https://b:2',
      ]),
    );
  });

  it('lie beside the others first; where there is no room for that, what is to be lost goes first', async () => {
    await restore();
    expect(present).toEqual(['member']);
    await host.files.remove(dataBackFile(OPERATION));
    freeBytes = 100 * 2 ** 20;
    await restore();
    expect(present).toEqual([]);
  });

  it('are restored once', async () => {
    await restore();
    const count = commands.length;
    await restore();
    expect(commands).toHaveLength(count);
  });

  it('leave all as it is when they cannot be restored', async () => {
    fails = true;
    await expect(restore()).rejects.toThrow(
      `${keptSnapshotTool(OPERATION)} snapshot restore ${COPY}: exit code: got 1, expected 0: Error: no space left`,
    );
    expect(machine.database()).toEqual(['write new']);
    expect(await host.files.status(dataBackFile(OPERATION))).toBeUndefined();
  });

  it.each<[string, () => Promise<void>, string]>([
    ['there is no copy', () => host.files.remove(COPY), `${COPY}: absent, expected etcd's data`],
    [
      'the member has no name',
      () => keepManifest(manifestOf('etcd', 'old').replace(/ *- --name=.*\n/, '')),
      'etcd.yaml: got none of name, initial-advertise-peer-urls, expected all',
    ],
  ])('stay when %s', async (_name, change, message) => {
    await change();
    await expect(restore()).rejects.toThrow(message);
    expect(machine.database()).toEqual(['write new']);
  });
});
