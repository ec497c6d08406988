// The unit that stands before the kubelet while a flip is under way: after a power loss it ends what is half done.
import { badInput } from '../../../api/errors.ts';
import { PROGRAM_COMMAND, STATE_FOLDER } from '../../host/folders.ts';
import type { Host } from '../../host/host.ts';
import { createSystemd } from '../../operation/systemd.ts';
import { INTENT_UNIT } from '../../operation/units.ts';
import { intentFile } from './flip-folder.ts';

export const INTENT_UNIT_FILE = `/etc/systemd/system/${INTENT_UNIT}`;

/**
 * Required by the kubelet: if it fails, the kubelet does not start. Without an intent its condition does not hold, and that
 * fails nobody, so that it costs the kubelet no time. It must never be stopped by hand or by us: systemd would stop the
 * kubelet with it. Pure.
 */
export function intentUnitText(operation: string): string {
  // It stands in a unit file and in a command line.
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(operation)) throw badInput('operation', operation, 'a name');
  return `[Unit]
Description=Refit: complete or take back a half-done flip of the control plane (${operation})
RequiresMountsFor=${STATE_FOLDER}
ConditionPathExists=${intentFile(operation)}
Before=kubelet.service

[Service]
Type=oneshot
ExecStart=${PROGRAM_COMMAND} host settle-flip --operation=${operation}
TimeoutStartSec=900
SyslogIdentifier=refit

[Install]
RequiredBy=kubelet.service
`;
}

export async function installIntentUnit(host: Host, operation: string): Promise<void> {
  const systemd = createSystemd(host);
  await host.files.write(INTENT_UNIT_FILE, intentUnitText(operation), { mode: 0o644 });
  await systemd.reload();
  await systemd.enable(INTENT_UNIT);
}

export async function removeIntentUnit(host: Host): Promise<void> {
  if ((await host.files.status(INTENT_UNIT_FILE)) === undefined) return;
  const systemd = createSystemd(host);
  await systemd.disable(INTENT_UNIT);
  await host.files.remove(INTENT_UNIT_FILE);
  await systemd.reload();
}
