// `refit host`: on a node, as root. Each command wires src/steps/operation to this machine and says how it ended.
import { EXIT, type NodeCommand } from '../../api/commands.ts';
import type { DataLoss } from '../../api/data-loss.ts';
import { StatusError } from '../../api/errors.ts';
import { isBad, REPORT_LINE, type StepReport } from '../../api/step-result.ts';
import type { FlipStep } from '../../api/steps.ts';
import { createLocalHost } from '../../steps/host/local-host.ts';
import { settleFlip } from '../../steps/node/flip/settle-flip.ts';
import { NODE_STEPS } from '../../steps/node/node-steps.ts';
import { cancel } from '../../steps/operation/cancel.ts';
import { broughtComponents } from '../../steps/operation/components.ts';
import { createGuard, GUARD_FILE } from '../../steps/operation/guard.ts';
import { launch } from '../../steps/operation/launch.ts';
import { parseNodeInput } from '../../steps/operation/node-input.ts';
import { makeReport } from '../../steps/operation/reports.ts';
import { rollbackInput } from '../../steps/operation/rollback.ts';
import { runOperation } from '../../steps/operation/run-operation.ts';
import { runStep } from '../../steps/operation/run-step.ts';
import type { Site } from '../../steps/operation/site.ts';
import { nodeStatus } from '../../steps/operation/status.ts';
import { createStepLogs } from '../../steps/operation/step-logs.ts';
import { createSystemd } from '../../steps/operation/systemd.ts';
import { watchdog } from '../../steps/operation/watchdog.ts';
import { systemClock } from '../clock.ts';
import type { Io } from '../io.ts';
import { statusText } from './host-status.ts';

/** For V8: the node's memory is for others. Without them the garbage of hashing large files stays for long. */
const SMALL = ['--max-semi-space-size=1', '--optimize-for-size'];

export interface OperationFlags {
  operation: string;
}
export interface HostRollbackFlags extends OperationFlags {
  dataLoss: DataLoss;
}
export interface LaunchFlags {
  components?: string;
}
export interface RunFlags extends OperationFlags {
  step?: NodeCommand;
}
export interface WatchdogFlags extends OperationFlags {
  step: FlipStep;
  turn: number;
}
export interface StatusFlags extends Partial<OperationFlags> {
  output: 'table' | 'json';
}

export function launchOnHost({ components: folder }: LaunchFlags, io: Io): Promise<number> {
  return withExitCode(io, async () => {
    const input = parseNodeInput(await io.readFile('-'));
    const site = createSite(io);
    const out = (text: string): void => io.out(text);
    const tell = (report: StepReport): void => io.out(`\n${REPORT_LINE}${JSON.stringify(report)}\n`);
    try {
      const components = folder === undefined ? undefined : await broughtComponents(site.host, folder);
      const report = await launch(site, { input, ...(components && { components }) }, out);
      tell(report);
      return exitCodeOf(report);
    } catch (error) {
      // What may pass is no word on the step.
      if (error instanceof StatusError && error.reason !== 'Unavailable') {
        tell(
          makeReport(
            { operation: input.plan.operation, step: input.step },
            'failed',
            error.message,
            site.host,
          ),
        );
      }
      throw error;
    }
  });
}

/** The exit code tells systemd: 0 is an end, EXIT.badInput too; anything else starts the unit again. */
export function runOnHost({ operation, step }: RunFlags, io: Io): Promise<number> {
  return withExitCode(io, async () => {
    const stop = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
    const site = createSite(io);
    if (step === undefined) {
      const result = await runOperation(site, NODE_STEPS, { operation, signal: stop.signal });
      return result === 'stopped' ? EXIT.temporary : EXIT.done;
    }
    await runStep(site, NODE_STEPS, { operation, step, signal: stop.signal });
    return EXIT.done;
  });
}

export function watchOnHost(flags: WatchdogFlags, io: Io): Promise<number> {
  return withExitCode(io, async () => {
    await watchdog(createSite(io), flags);
    return EXIT.done;
  });
}

/** Any other exit code than 0 keeps the kubelet from starting. */
export function settleFlipOnHost({ operation }: OperationFlags, io: Io): Promise<number> {
  return withExitCode(io, async () => {
    io.out(`flip: ${await settleFlip(createSite(io).host, operation)}\n`);
    return EXIT.done;
  });
}

export function statusOfHost({ operation, output }: StatusFlags, io: Io): Promise<number> {
  return withExitCode(io, async () => {
    const status = await nodeStatus(createSite(io), operation);
    io.out(output === 'json' ? `${JSON.stringify(status, undefined, 2)}\n` : statusText(status));
    return EXIT.done;
  });
}

export function cancelOnHost({ operation }: OperationFlags, io: Io): Promise<number> {
  return withExitCode(io, async () => {
    io.out(`${await cancel(createSite(io), operation)}\n`);
    return EXIT.done;
  });
}

export function rollbackOnHost({ operation, dataLoss }: HostRollbackFlags, io: Io): Promise<number> {
  return withExitCode(io, async () => {
    const site = createSite(io);
    const input = await rollbackInput(site.host, operation, dataLoss);
    const report = await launch(site, { input }, (text) => io.out(text));
    io.out(`rollback: ${report.result.outcome}: ${report.result.message}\n`);
    return exitCodeOf(report);
  });
}

function createSite(io: Io): Site {
  const host = createLocalHost({ clock: systemClock(), log: (line) => io.out(`${line}\n`) });
  return {
    host,
    systemd: createSystemd(host),
    guard: createGuard(GUARD_FILE),
    logs: createStepLogs(),
    program: [process.execPath, ...new Set([...SMALL, ...process.execArgv]), ...process.argv.slice(1, 2)],
  };
}

function exitCodeOf(report: StepReport): number {
  return isBad(report) ? EXIT.failed : EXIT.done;
}

async function withExitCode(io: Io, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    io.err(`refit: ${error.message}\n`);
    if (error.reason === 'BadInput') return EXIT.badInput;
    return error.reason === 'Unavailable' ? EXIT.temporary : EXIT.failed;
  }
}
