// The machine, as steps see it. local-host.ts is the real one; paths are absolute paths of the host.
import type { Clock } from '../../api/clock.ts';

/** Program and arguments; no shell ever sees them. */
export type Argv = readonly [string, ...string[]];

export interface RunOptions {
  /** SIGTERM then, and SIGKILL 10 s later. Default 60. */
  timeoutSeconds?: number;
  /** Added to a minimal environment (PATH, LANG=C). */
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  /** Both streams, line by line, as they come. */
  onLine?: (line: string) => void;
}

export interface CommandResult {
  /** Exit code; 128 + signal number when a signal ended it. */
  code: number;
  /** Of each stream at most 1 MiB: the end of it. */
  stdout: string;
  stderr: string;
}

export interface FileStatus {
  kind: 'file' | 'folder' | 'link' | 'other';
  size: number;
  /** Permission bits. */
  mode: number;
  uid: number;
  gid: number;
  modifiedAt: Date;
}

export interface FileAttributes {
  mode: number;
  /** `user:group`, names or numbers; default: that of the file that is replaced, else root:root. */
  owner?: string;
}

/** What is absent is undefined, [] or no error; other trouble is a StatusError Failed that names the path. */
export interface HostFiles {
  read(path: string): Promise<Buffer | undefined>;
  /** Does not follow links. */
  status(path: string): Promise<FileStatus | undefined>;
  /** The path with all links resolved. */
  resolve(path: string): Promise<string | undefined>;
  /** Names, sorted. */
  list(folder: string): Promise<string[]>;
  sha256(path: string): Promise<string | undefined>;
  /** Of the file system that the path (or the nearest folder above it) is on. */
  space(path: string): Promise<{ freeBytes: number; freeInodes: number }>;
  /** Atomically: temporary file beside it (its name begins with a dot), fsync, rename, fsync of the folder. Makes folders. */
  write(
    path: string,
    content: Uint8Array | string | AsyncIterable<Uint8Array>,
    attributes: FileAttributes,
  ): Promise<void>;
  /** The same with the content of another file. Errors: Failed when the copy's sha256 is not the one given. */
  copy(from: string, to: string, attributes: FileAttributes & { sha256?: string }): Promise<void>;
  /** A file or folder to another name on the same file system, over a file that is there; durable. Errors: Failed if absent. */
  rename(from: string, to: string): Promise<void>;
  makeFolder(path: string, mode: number): Promise<void>;
  /** A file or a whole folder. */
  remove(path: string): Promise<void>;
  /** True: made now. False: was there. The one test-and-set on which the lock is built. */
  createExclusively(path: string, content: string): Promise<boolean>;
}

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'POST';
  body?: string;
  headers?: Readonly<Record<string, string>>;
  /** PEM. `ca: 'any'` accepts every certificate: only where nothing secret is sent and nothing trusted is read. */
  tls?: { ca: string; cert?: string; key?: string };
  timeoutSeconds: number;
}

export interface HttpAnswer {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: string;
}

export interface Host {
  readonly clock: Clock;
  readonly files: HostFiles;
  /** Any exit code is an answer. Errors: StatusError Failed when it cannot be started or took too long. */
  run(argv: Argv, options?: RunOptions): Promise<CommandResult>;
  /** Only to services of this machine and of its cluster; no proxies. Errors: StatusError Unavailable. */
  http(request: HttpRequest): Promise<HttpAnswer>;
  /** The same with the body as a stream, for what does not fit into memory. */
  download(request: HttpRequest): Promise<AsyncIterable<Uint8Array>>;
  /** One line for people; no secrets. */
  log(line: string): void;
}
