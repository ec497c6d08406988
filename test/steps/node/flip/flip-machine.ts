// That node at work: systemd, kubelet, static pods and clients that write, as far as a flip meets them. Time passes when
// somebody sleeps; every write that a client was told of is remembered.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { StatusError } from '../../../../src/api/errors.ts';
import type { Argv, CommandResult, Host, HttpAnswer, HttpRequest } from '../../../../src/steps/host/host.ts';
import { intentFile, keptSnapshotTool } from '../../../../src/steps/node/flip/flip-folder.ts';
import { operationUnit } from '../../../../src/steps/operation/units.ts';
import { manifestFile, STATIC_PODS, type StaticPodName } from '../../../../src/steps/node/static-pods.ts';
import { createTreeFiles } from '../tree-files.ts';
import { DATABASE, KUBELET, layOut, OPERATION, VERSIONS } from './flip-site.ts';

interface Running {
  pod: StaticPodName;
  /** Of its image. */
  tag: string;
  since: number;
  /** It was told to end. */
  endsAt?: number;
}

export interface FlipMachine {
  readonly host: Host;
  readonly root: string;
  readonly lines: string[];
  /** What kubelets were started with, when it was not all of one version. */
  readonly mixtures: string[];
  /** Writes that clients were told of. */
  readonly acknowledged: string[];
  kubelet: { active: boolean };
  processes: Map<number, Running>;
  /** Which does the flip, or takes it back; undefined: none. */
  workingUnit: string | undefined;
  /** The new API server: works; ends at once; never gets ready, and writes such keys. */
  newApiServer: 'works' | 'ends' | { writes: string };
  isOldApiServerBroken: boolean;
  newEtcd: 'works' | 'ends';
  /** It does not obey SIGTERM. */
  stubborn: StaticPodName | undefined;
  /** The old etcd leaves its last write in its log only, as one that was killed. */
  isDatabaseBehind: boolean;
  /** Of etcd now; its keys besides those that are written; it has forgotten its history. */
  members: number;
  keys: string[];
  isCompacted: boolean;
  isIntentUnitEnabled(): boolean;
  startKubelet(): boolean;
  powerOff(): void;
  database(): string[];
  remove(): void;
}

const READY_AFTER = 1.5;
const ENDS_AFTER = 0.3;
const NEW_FORMAT = 'format 3.6';
const UNIT_FILE = '/etc/systemd/system/refit-flip-intent.service';

/** @param speed how much longer it takes than asked for: fewer looks in the same time */
export function createFlipMachine(speed = 1): FlipMachine {
  const root = mkdtempSync(join(tmpdir(), 'refit-flip-'));
  layOut(root);
  let [elapsed, nextPid, writes, enabled] = [0, 100, 0, false];
  const starts = new Map<string, number>();
  const files = createTreeFiles(root);

  const machine: FlipMachine = {
    ...{ root, lines: [], mixtures: [], acknowledged: [], processes: new Map<number, Running>() },
    ...{
      kubelet: { active: false },
      workingUnit: operationUnit(OPERATION),
      newApiServer: 'works',
      newEtcd: 'works',
    },
    ...{
      stubborn: undefined,
      isDatabaseBehind: false,
      isOldApiServerBroken: false,
      members: 1,
      keys: [],
      isCompacted: false,
    },
    host: {
      clock: {
        now: () => new Date(Date.UTC(2026, 0, 1) + elapsed * 1000),
        monotonic: () => elapsed,
        sleep: async (seconds) => pass(seconds * speed),
      },
      files,
      run: async (argv) => ({ code: 0, stdout: '', stderr: '', ...run(argv) }),
      http: async (request) => answer(request),
      download: async (request) => history(request),
      log: (line) => void machine.lines.push(line),
    },
    isIntentUnitEnabled: () => enabled && existsSync(`${root}${UNIT_FILE}`),
    startKubelet,
    powerOff: () => {
      for (const pid of machine.processes.keys()) end(pid);
      machine.kubelet.active = false;
    },
    database: () => lines(),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  return machine;

  function lines(database = DATABASE): string[] {
    return readFileSync(`${root}${database}`, 'utf8').split('\n').filter(Boolean);
  }
  function append(line: string): void {
    writeFileSync(`${root}${DATABASE}`, [...lines(), line, ''].join('\n'));
  }
  function runningOf(pod: StaticPodName): Running | undefined {
    return [...machine.processes.values()].find((each) => each.pod === pod);
  }
  function isNew(tag: string): boolean {
    return tag === VERSIONS.new || tag.startsWith('3.6');
  }
  function end(pid: number): void {
    machine.processes.delete(pid);
    rmSync(`${root}/proc/${pid}`, { recursive: true, force: true });
  }

  function pass(seconds: number): void {
    elapsed += seconds;
    for (const [pid, { endsAt }] of machine.processes)
      if (endsAt !== undefined && endsAt <= elapsed) end(pid);
    if (machine.kubelet.active) STATIC_PODS.forEach(keepRunning);
    writeAsClient();
  }

  /** The kubelet starts what has ended: at once the first time, then every 10 s. */
  function keepRunning(pod: StaticPodName): void {
    if (runningOf(pod)) return;
    const content = readFileSync(`${root}${manifestFile(pod)}`, 'utf8');
    const { image, command } = (
      parse(content) as { spec: { containers: [{ image: string; command: string[] }] } }
    ).spec.containers[0];
    const tag = image.slice(image.lastIndexOf(':') + 1);
    const log = `/var/log/pods/kube-system_${pod}-cp-1_${tag}/${pod}`;
    const count = starts.get(log) ?? 0;
    if (count > 1 && elapsed < (starts.get(`${log} next`) ?? 0)) return;
    mkdirSync(`${root}${log}`, { recursive: true });
    writeFileSync(`${root}${log}/${count}.log`, '');
    starts.set(log, count + 1).set(`${log} next`, elapsed + 10);
    if (pod === 'etcd' && isNew(tag) && machine.newEtcd === 'ends') return;
    if (pod === 'etcd' && isNew(tag) && !lines().includes(NEW_FORMAT)) append(NEW_FORMAT);
    // The old one cannot read what the new one has written.
    if (pod === 'etcd' && !isNew(tag) && lines().includes(NEW_FORMAT)) return;
    if (pod === 'kube-apiserver' && isNew(tag) && machine.newApiServer === 'ends') return;
    const pid = (nextPid += 1);
    machine.processes.set(pid, { pod, tag, since: elapsed });
    mkdirSync(`${root}/proc/${pid}`, { recursive: true });
    writeFileSync(`${root}/proc/${pid}/comm`, `${pod.slice(0, 15)}\n`);
    writeFileSync(`${root}/proc/${pid}/cmdline`, `${command.join('\0')}\0`);
    writeFileSync(`${root}/proc/${pid}/stat`, `${pid} (x) S${' 1'.repeat(18)} 90000 1\n`);
  }

  function writeAsClient(): void {
    const server = runningOf('kube-apiserver');
    if (!server || server.endsAt !== undefined || !runningOf('etcd')) return;
    const { newApiServer } = machine;
    if (isNew(server.tag) && typeof newApiServer === 'object') {
      append(`write ${newApiServer.writes}${(writes += 1)}`);
    } else if (isReady()) {
      const line = `write /registry/configmaps/default/${(writes += 1)}`;
      append(line);
      machine.acknowledged.push(line);
    }
  }

  function isReady(): boolean {
    const server = runningOf('kube-apiserver');
    const isBroken =
      server && (isNew(server.tag) ? machine.newApiServer !== 'works' : machine.isOldApiServerBroken);
    return !!server && !isBroken && !!runningOf('etcd') && elapsed - server.since >= READY_AFTER;
  }

  /** False: systemd does not start it, since what it requires has failed. */
  function startKubelet(): boolean {
    if (machine.isIntentUnitEnabled() && existsSync(`${root}${intentFile(OPERATION)}`)) return false;
    const texts = [...STATIC_PODS.map(manifestFile), KUBELET].map((path) =>
      readFileSync(`${root}${path}`, 'utf8').includes('v1.34.4') ||
      readFileSync(`${root}${path}`, 'utf8').includes('3.6.8')
        ? 'new'
        : 'old',
    );
    if (new Set(texts).size > 1) machine.mixtures.push(texts.join(' '));
    machine.kubelet.active = true;
    pass(0);
    return true;
  }

  function run(argv: Argv): Partial<CommandResult> {
    const [program, verb, ...rest] = argv;
    pass(0.01);
    if (program === 'systemctl') return systemctl(verb ?? '', rest);
    if (program === 'kill') {
      const running = machine.processes.get(Number(argv[3]));
      if (!running) return { code: 1 };
      if (argv[2] === 'KILL') end(Number(argv[3]));
      else if (machine.stubborn !== running.pod) running.endsAt = elapsed + ENDS_AFTER;
      return {};
    }
    if (program === 'flock') return { code: runningOf('etcd') ? 1 : 0 };
    if (program === 'cp') {
      if (runningOf('etcd')) throw new Error('copied while etcd runs');
      cpSync(`${root}${rest[2]}`, `${root}${rest[3]}`, { recursive: true, preserveTimestamps: true });
      return {};
    }
    if (program === keptSnapshotTool(OPERATION)) return snapshotTool(rest);
    if (program === 'sync' || program === 'chown' || verb === 'certs') return {};
    throw new Error(`nobody answers ${argv.join(' ')}`);
  }

  function snapshotTool([verb, ...words]: readonly string[]): Partial<CommandResult> {
    if (verb === 'status') {
      const behind = machine.isDatabaseBehind ? 1 : 0;
      return { stdout: JSON.stringify({ revision: revision(lines(words.at(-1))) - behind }) };
    }
    if (runningOf('etcd')) throw new Error('restored while etcd runs');
    const value = (flag: string): string =>
      words.find((word) => word.startsWith(`--${flag}=`))?.slice(flag.length + 3) ?? '';
    const place = `${root}${value('data-dir')}/member`;
    for (const folder of ['snap', 'wal']) mkdirSync(`${place}/${folder}`, { recursive: true });
    const raised = [...lines(words[0]), `raised ${value('bump-revision')}`, ''];
    writeFileSync(`${place}/snap/db`, raised.join('\n'));
    return {};
  }

  function systemctl(verb: string, rest: readonly string[]): Partial<CommandResult> {
    const unit = rest.at(-1) ?? '';
    if (verb === 'enable' || verb === 'disable') enabled = verb === 'enable';
    if (verb === 'stop' && unit === 'kubelet.service') machine.kubelet.active = false;
    if (verb === 'start' && unit === 'kubelet.service' && !startKubelet())
      return { code: 1, stderr: 'dependency' };
    if (verb !== 'show') return {};
    const units = rest.filter((word) => word.endsWith('.service'));
    const blocks = units.map((each) => {
      const isActive = each === 'kubelet.service' ? machine.kubelet.active : each === machine.workingUnit;
      return `LoadState=loaded\nActiveState=${isActive ? 'active' : 'inactive'}\nNRestarts=0\n`;
    });
    return { stdout: blocks.join('\n') };
  }

  function answer({ url, body = '' }: HttpRequest): HttpAnswer {
    const ok = (body: string): HttpAnswer => ({ status: 200, headers: {}, body });
    const [server, etcd] = [runningOf('kube-apiserver'), runningOf('etcd')];
    if (url.includes(':2379') && etcd) {
      const members = Array.from({ length: machine.members }, (_, index) => ({ name: `node-${index + 1}` }));
      const isThere = machine.keys.some((key) => body.includes(Buffer.from(key).toString('base64')));
      const header = { revision: String(revision()) };
      return ok(JSON.stringify({ header, members, ...(isThere ? { count: '1' } : {}) }));
    }
    if (url.includes(':6443') && server) {
      return url.endsWith('/version')
        ? ok(JSON.stringify({ gitVersion: server.tag }))
        : { ...ok(''), status: isReady() ? 200 : 500 };
    }
    throw new StatusError(`GET ${url}: ECONNREFUSED`, { reason: 'Unavailable' });
  }

  function writesInData(all = lines()): string[] {
    return all.filter((line) => line.startsWith('write '));
  }
  function revision(all = lines()): number {
    const raised = all.filter((line) => line.startsWith('raised '));
    return 1 + writesInData(all).length + Number(raised.at(-1)?.slice(7) ?? 0);
  }

  async function history({ body }: HttpRequest): Promise<AsyncIterable<Uint8Array>> {
    const asked = JSON.parse(body ?? '') as { create_request: { start_revision: string } };
    const first = Number(asked.create_request.start_revision);
    const events = writesInData().map((line, index) => {
      const key = Buffer.from(line.replace(/^write /, '')).toString('base64');
      return { kv: { key, mod_revision: String(index + 2), value: '' } };
    });
    const since = events.filter(({ kv }) => Number(kv.mod_revision) >= first);
    return (async function* () {
      yield Buffer.from(`${JSON.stringify({ result: { created: true } })}\n`);
      if (machine.isCompacted) yield Buffer.from(`${JSON.stringify({ result: { canceled: true } })}\n`);
      yield Buffer.from(`${JSON.stringify({ result: { events: since } })}\n`);
    })();
  }
}
