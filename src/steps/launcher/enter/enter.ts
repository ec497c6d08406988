// In the container of a node Job: bring the program to the host, start the step there, say how it ended.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT } from '../../../api/commands.ts';
import { StatusError } from '../../../api/errors.ts';
import { isObject, parseJson } from '../../../api/json.ts';
import { nodeInputSchema, type NodeInput } from '../../../api/node-input.ts';
import type { StepReport } from '../../../api/step-result.ts';
import { REPORT_LINE, reportIn } from '../../../api/step-result.ts';
import { fitReport, MAX_BYTES } from './fit-report.ts';
import { hostProblem } from './host-check.ts';
import { placeProgram } from './place-program.ts';
import { prunePrograms } from './prune-programs.ts';
import { runLines } from './run-lines.ts';

export interface EnterOptions {
  inputFile: string;
  /** In the image. */
  programFolder: string;
  componentsFolder: string;
  /** The host's, at the same path here. */
  stateFolder: string;
  procFolder: string;
  terminationLog: string;
  /** Runs what follows in the namespaces of the host. */
  intoHost: readonly string[];
  /** Of this process as the host sees it: how the host reaches our files. */
  pid: number;
  now: () => Date;
  out: (line: string) => void;
  /** Aborts when the container is told to stop. The unit on the host goes on. */
  signal: AbortSignal;
}

/** Gives the exit code of the container: that of `refit host launch`. */
export async function enter(options: EnterOptions): Promise<number> {
  const { out, now, signal } = options;
  // Moments, so that the time from a launch to its first command can be told.
  const tell = (line: string): void => out(`${now().toISOString()} enter: ${line}`);
  tell('started');
  const content = await readFile(options.inputFile, 'utf8').catch(() => '');
  const input = nodeInputSchema.safeParse(parseJson(content)).data;
  if (input === undefined) {
    const reason = `${options.inputFile}: not there, or not what this release understands`;
    return end(options, EXIT.badInput, reason);
  }
  const startedAt = now();
  try {
    const program = await prepare(options, tell);
    tell(`starting ${input.step} of ${input.plan.operation}`);
    const components = `/proc/${options.pid}/root${options.componentsFolder}`;
    const command = [...program, 'host', 'launch', `--components=${components}`];
    return await follow(options, command, content);
  } catch (error) {
    if (signal.aborted) return EXIT.temporary;
    const reason = reasonOf(error);
    tell(reason);
    return await end(options, EXIT.failed, failure(input, reason, startedAt, now()));
  }
}

/** The program and its arguments on the host. Errors: Failed when the host cannot run it. */
async function prepare(
  { programFolder, stateFolder, procFolder, intoHost, now, signal }: EnterOptions,
  tell: (line: string) => void,
): Promise<[string, string]> {
  const { folder, copiedBytes } = await placeProgram(programFolder, stateFolder, now());
  tell(`program: ${copiedBytes} bytes copied to ${folder}`);
  const program = path.join(folder, 'node');
  const said: string[] = [];
  const code = await runLines([...intoHost, program, '--version'], {
    onLine: (line) => said.push(line),
    signal,
  });
  const problem = hostProblem(program, { code: code ?? EXIT.temporary, output: said.join('\n') });
  if (problem !== undefined) throw new StatusError(problem, { reason: 'Failed' });
  for (const removed of await prunePrograms(path.dirname(folder), procFolder))
    tell(`program: ${removed} removed`);
  return [program, path.join(folder, 'refit.js')];
}

async function follow(options: EnterOptions, command: readonly string[], stdin: string): Promise<number> {
  let report: StepReport | undefined;
  let lastLine = '';
  const onLine = (line: string): void => {
    options.out(line);
    if (line.startsWith(REPORT_LINE)) report = reportIn(line.slice(REPORT_LINE.length)) ?? report;
    else if (line.trim() !== '') lastLine = line;
  };
  const code = await runLines([...options.intoHost, ...command], { stdin, onLine, signal: options.signal });
  return end(options, code ?? EXIT.temporary, report ?? lastLine);
}

/** The termination message: a report, or plain text when there is none. */
async function end(
  { terminationLog }: EnterOptions,
  code: number,
  said: StepReport | string,
): Promise<number> {
  const message = typeof said === 'string' ? said.slice(0, MAX_BYTES / 4) : fitReport(said);
  await writeFile(terminationLog, message);
  return code;
}

function failure(input: NodeInput, message: string, startedAt: Date, now: Date): StepReport {
  return {
    result: {
      version: 1,
      step: input.step,
      operation: input.plan.operation,
      outcome: 'failed',
      message,
      startedAt: startedAt.toISOString(),
      durationSeconds: (now.getTime() - startedAt.getTime()) / 1000,
      changes: [],
    },
    outputs: {},
  };
}

/** Ours, or the file system's: a full disk, say. Errors: what nobody expects. */
function reasonOf(error: unknown): string {
  if (error instanceof StatusError) return error.message;
  const message = isObject(error) && 'syscall' in error ? error['message'] : undefined;
  if (typeof message !== 'string') throw error;
  return message;
}
