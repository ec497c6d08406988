// The systemd units of an operation: their names, and the unit file of the flip group. Pure.
import { EXIT } from '../../api/commands.ts';
import { shortDigest } from '../../api/names.ts';
import { STATE_FOLDER } from '../host/folders.ts';
import type { Argv } from '../host/host.ts';

/** systemd takes names up to 255 characters; the longest addition is that of a watchdog. */
const MAX_STEM = 200;

/** The unit of the flip group: one per operation. */
export const operationUnit = (operation: string): string => `refit-${stem(operation)}.service`;

export const operationUnitFile = (operation: string): string =>
  `/etc/systemd/system/${operationUnit(operation)}`;

/** Transient, of a quiet step. Operations hold no `_`: no two operations meet in a name. */
export const stepUnit = (operation: string, step: string): string =>
  `refit-${stem(operation)}_${step}.service`;

/** Transient; its timer has the same name. Each turn has its own, since the one before may still run. */
export const watchdogUnit = (operation: string, step: string, turn: number): string =>
  `refit-${stem(operation)}_watchdog-${step}-${turn}.service`;

export const timerOf = (service: string): string => service.replace(/\.service$/, '.timer');

/** Stands before the kubelet while a flip is under way (node/flip/intent-unit.ts). */
export const INTENT_UNIT = 'refit-flip-intent.service';

function stem(operation: string): string {
  return operation.length <= MAX_STEM
    ? operation
    : `${operation.slice(0, MAX_STEM - 9)}-${shortDigest(operation, 8)}`;
}

/**
 * It depends on nothing that it may restart (kubelet, containerd) nor on the network: the work is local. Killed or
 * crashed, it starts again and goes on; a refusal would only be repeated. It is told to stop first and alone, so that a
 * command of a step can end. After a reboot a half-done flip is ended first, and by one process.
 */
export function operationUnitText(operation: string, program: Argv): string {
  return `[Unit]
Description=Refit: operation ${operation} on this node
RequiresMountsFor=${STATE_FOLDER}
After=${INTENT_UNIT}
StartLimitIntervalSec=600
StartLimitBurst=20

[Service]
Type=exec
ExecStart=${[...program, 'host', 'run', `--operation=${operation}`].map(quoted).join(' ')}
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=${EXIT.badInput}
KillMode=mixed
TimeoutStopSec=90
OOMScoreAdjust=-900
SyslogIdentifier=refit

[Install]
WantedBy=multi-user.target
`;
}

/** As ExecStart= reads it: `%` and `$` stand for themselves. */
function quoted(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$');
  return /^[\w@/.,:=+%-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
