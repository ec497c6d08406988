// Where Refit keeps what on a node. Everything is root's, folders 0700, files 0600: backups hold CA keys.

/** Survives reboots; removed by nothing but retention. */
export const STATE_FOLDER = '/var/lib/refit';

/** node, refit.js and the command `refit`, as the last launch brought them; by digest, so that a running unit keeps its own. */
export const programFolder = (digest: string): string => `${STATE_FOLDER}/program/${digest}`;
/** For people on the machine: starts the newest program. */
export const PROGRAM_COMMAND = `${STATE_FOLDER}/refit`;

export const stageFolder = (release: string): string => `${STATE_FOLDER}/stage/${release}`;
export const backupFolder = (operation: string): string => `${STATE_FOLDER}/backup/${operation}`;
export const BACKUPS_FOLDER = `${STATE_FOLDER}/backup`;

/** {operation}: the one that may touch this node. */
export const LOCK_FILE = `${STATE_FOLDER}/lock.json`;
/** What the last operation that ended well left behind (node-record.ts). */
export const NODE_RECORD_FILE = `${STATE_FOLDER}/node.json`;

export const operationFolder = (operation: string): string => `${STATE_FOLDER}/${operation}`;
export const planFile = (operation: string): string => `${operationFolder(operation)}/plan.json`;
/** Perhaps secrets: removed when the operation ends. */
export const desiredFile = (operation: string): string => `${operationFolder(operation)}/desired.json`;
/** Present: end at the next safe boundary. */
export const cancelFile = (operation: string): string => `${operationFolder(operation)}/cancel`;
/** A StepReport; present: the step ended. */
export const reportFile = (operation: string, step: string): string =>
  `${operationFolder(operation)}/${step}.json`;
export const logFile = (operation: string, step: string): string =>
  `${operationFolder(operation)}/${step}.log`;
/** Old files of a step, and the list of them (undo.json). */
export const undoFolder = (operation: string, step: string): string =>
  `${operationFolder(operation)}/undo/${step}`;
