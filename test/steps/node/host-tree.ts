// A host for tests: real files in a temporary folder, commands and HTTP answered by tables.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type {
  Argv,
  CommandResult,
  Host,
  HttpAnswer,
  HttpRequest,
  RunOptions,
} from '../../../src/steps/host/host.ts';
import { fakeClock, type FakeClock } from '../../helpers/clock.ts';
import { answerLooks, programAnswer, units } from './tree-answers.ts';
import { certificateFiles, CURRENT_KUBELET } from './tree-certificates.ts';
import { API_SERVER, treeFiles, type TreeOptions } from './tree-content.ts';
import { createTreeFiles, type TreeFiles } from './tree-files.ts';

/** What a command answers: its stdout, more of a result, or what it does. */
type Answer =
  | string
  | Partial<CommandResult>
  | ((
      argv: Argv,
      options?: RunOptions,
    ) => string | Partial<CommandResult> | Promise<string | Partial<CommandResult>>);
type Response = Partial<HttpAnswer> | ((request: HttpRequest) => Partial<HttpAnswer>);

export interface TestHost extends Host {
  readonly clock: FakeClock;
  readonly files: TreeFiles;
  /** The folder that is `/` of this host. */
  readonly root: string;
  /** Everything that was run, in order. */
  readonly commands: string[][];
  readonly requests: HttpRequest[];
  readonly lines: string[];
  /** What `systemctl show` and `is-active` say of a unit. */
  readonly units: Record<string, Record<string, string>>;
  /** Answers commands that begin so; the newest that fits wins. What nobody answers throws. */
  answer(prefix: readonly string[], answer: Answer): void;
  respond(urlPrefix: string, response: Response): void;
  remove(): Promise<void>;
}

/** A node as image-builder and kubeadm leave it. Errors of `run` and `http`: an Error naming what nobody answers. */
export async function createTestHost(options: TreeOptions): Promise<TestHost> {
  const root = await mkdtemp(join(tmpdir(), 'refit-host-'));
  const files = createTreeFiles(root);
  await fill(root, options);
  const answers: { prefix: readonly string[]; answer: Answer }[] = [];
  const responses: { prefix: string; response: Response }[] = [];
  const host: TestHost = {
    clock: fakeClock(),
    files,
    root,
    commands: [],
    requests: [],
    lines: [],
    units: units(),
    answer: (prefix, answer) => void answers.unshift({ prefix, answer }),
    respond: (prefix, response) => void responses.unshift({ prefix, response }),
    run: async (argv, runOptions) => {
      host.commands.push([...argv]);
      const found = answers.find(({ prefix }) => prefix.every((word, index) => argv[index] === word));
      const answer = found ? found.answer : await programAnswer(files, argv);
      if (answer === undefined) throw new Error(`nobody answers ${argv.join(' ')}`);
      const result = typeof answer === 'function' ? await answer(argv, runOptions) : answer;
      return {
        code: 0,
        stdout: '',
        stderr: '',
        ...(typeof result === 'string' ? { stdout: result } : result),
      };
    },
    http: async (request) => {
      host.requests.push(request);
      const found = responses.find(({ prefix }) => request.url.startsWith(prefix));
      if (!found) throw new Error(`nobody answers ${request.url}`);
      const { response } = found;
      const date = { date: host.clock.now().toUTCString() };
      return {
        status: 200,
        headers: date,
        body: 'ok',
        ...(typeof response === 'function' ? response(request) : response),
      };
    },
    download: async (request) => {
      const { body } = await host.http(request);
      return (async function* () {
        yield Buffer.from(body);
      })();
    },
    log: (line) => void host.lines.push(line),
    remove: () => rm(root, { recursive: true, force: true }),
  };
  answerLooks(host);
  return host;
}

/** Made once: they are the same for every host of the role. */
const certificates = new Map<TreeOptions['role'], ReturnType<typeof certificateFiles>>();

async function fill(root: string, options: TreeOptions): Promise<void> {
  const made = certificates.get(options.role) ?? certificateFiles(options.role, API_SERVER);
  certificates.set(options.role, made);
  for (const [path, content] of [...Object.entries(treeFiles(options)), ...(await made)]) {
    const isProgram = /\/s?bin\/|\/exe$/.test(path);
    const isSecret = /\.(key|pem|conf)$/.test(path) && !path.includes('systemd');
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content, { mode: isProgram ? 0o755 : isSecret ? 0o600 : 0o644 });
  }
  for (const folder of ['var/lib/etcd/member/snap', 'run/systemd/system']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await symlink('usr/lib', join(root, 'lib'));
  const [current] = (await made).flatMap(([path]) => (path.endsWith('.pem') ? [path] : []));
  await symlink(current ?? '', join(root, CURRENT_KUBELET));
}
