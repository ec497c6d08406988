// Does one command of the flip on the machine.
import { StatusError } from '../../../api/errors.ts';
import { STATE_FOLDER } from '../../host/folders.ts';
import type { Host } from '../../host/host.ts';
import { commandLine, lastLines } from '../../host/output.ts';
import { createSystemd } from '../../operation/systemd.ts';
import type { FlipCommand, Placed } from './commands.ts';
import { copyData, noteData } from './etcd-data.ts';
import { writeIntent } from './flip.ts';
import { besideFile, etcdCopy, keptFolder } from './flip-folder.ts';
import { installIntentUnit, removeIntentUnit } from './intent-unit.ts';
import { handOverAddress } from './kube-vip.ts';
import { putDataBack } from './restore-data.ts';
import { noteRevision } from './revision.ts';
import { awaitEnd, signalPod } from './static-pod-ends.ts';
import { warmProgram } from './warm-programs.ts';

const KUBELET_UNIT = 'kubelet.service';

/** Repeatable, cut at any point. Errors: StatusError Failed. */
export async function performCommand(host: Host, operation: string, command: FlipCommand): Promise<void> {
  switch (command.do) {
    case 'run':
      return run(host, command);
    case 'remove':
      return host.files.remove(command.path);
    case 'drop-older':
      return dropOlder(host, operation);
    case 'copy':
      return copy(host, command);
    case 'warm-program':
      return warmProgram(host, operation, command.pod);
    case 'install-unit':
      return installIntentUnit(host, operation);
    case 'write-intent':
      return writeIntent(host, command.intent);
    case 'stop-kubelet':
      return createSystemd(host).stop([KUBELET_UNIT]);
    case 'hand-over-address':
      return handOverAddress(host);
    case 'terminate':
      return signalPod(host, operation, command.pod, 'TERM');
    case 'await-end':
      return awaitEnd(host, operation, command);
    case 'note-revision':
      return noteRevision(host, operation);
    case 'note-data':
      return noteData(host, operation, command.dataFolder);
    case 'copy-data':
      return copyData(host, operation, command.dataFolder);
    case 'put-data-back':
      return putDataBack(host, operation, command.dataFolder);
    case 'place':
      return place(host, command);
    case 'finish-intent':
      return host.files.rename(command.from, command.to);
    case 'start-kubelet':
      return createSystemd(host).start(KUBELET_UNIT);
    case 'remove-unit':
      return removeIntentUnit(host);
  }
}

async function run(host: Host, { argv, timeoutSeconds }: Extract<FlipCommand, { do: 'run' }>): Promise<void> {
  const onLine = (line: string): void => host.log(`  ${line}`);
  const { code, stdout, stderr } = await host.run(argv, { timeoutSeconds, onLine });
  if (code === 0) return;
  const said = lastLines(stderr.trim() === '' ? stdout : stderr, 300);
  throw new StatusError(`${commandLine(argv)}: exit code: got ${code}, expected 0: ${said}`, {
    reason: 'Failed',
  });
}

async function dropOlder({ files }: Host, operation: string): Promise<void> {
  for (const other of await files.list(STATE_FOLDER)) {
    if (other === operation) continue;
    for (const path of [etcdCopy(other), `${etcdCopy(other)}.partial`, keptFolder(other)])
      await files.remove(path);
  }
}

async function copy({ files }: Host, { from, to, sha256, mode }: Placed): Promise<void> {
  if ((await files.sha256(to)) !== sha256) await files.copy(from, to, { mode, sha256 });
}

/** What waits beside it was checked when it was put there: no time goes into reading a kubelet while the API is away. */
async function place(host: Host, placed: Placed): Promise<void> {
  const beside = besideFile(placed.to);
  if ((await host.files.status(beside)) === undefined) return copy(host, placed);
  return host.files.rename(beside, placed.to);
}
