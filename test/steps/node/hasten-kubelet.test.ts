import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { hasteningKubelet } from '../../../src/steps/node/hasten-kubelet.ts';
import { manifestFile, type StaticPodName } from '../../../src/steps/node/static-pods.ts';
import { answerEtcd, OWN_MEMBER } from './etcd-answers.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeletHost, INSTALLED } from './kubelet-host.ts';
import { runStaticPod } from './pod-processes.ts';
import { startService, touch } from './release.ts';
import { NODE_ADDRESS } from './tree-content.ts';

const PORT = `https://${NODE_ADDRESS}:6443/livez`;
const TARGET = 'v1.34.4';
const [ETCD, API_SERVER, SUCCESSOR] = [400, 500, 600];
const KUBEADM_SECONDS = 30;
const RESTART = 'systemctl restart kubelet';
const kill = (pid: number): string => `kill -s KILL ${pid}`;

let host: TestHost;
beforeEach(async () => {
  ({ host } = await createKubeletHost('control-plane'));
  await startService(host, 'kubelet', INSTALLED, 900);
  answerEtcd(host);
  host.answer(['kill'], async (argv) => {
    await end(Number(argv.at(-1)));
    return '';
  });
  host.respond(PORT, {});
  await runStaticPod(host, 'etcd', { pid: ETCD, secondsAgo: 900 });
  await runStaticPod(host, 'kube-apiserver', { pid: API_SERVER, secondsAgo: 900 });
});
afterEach(() => host.remove());

type Events = Readonly<Record<number, () => Promise<void> | void>>;

/** What happens at which second, while kubeadm runs. Gives what was done and when; so many restarts end kubeadm. */
async function during(events: Events, restarts = 1): Promise<string[]> {
  const { clock } = host;
  const done: string[] = [];
  let stop: () => void = () => undefined;
  const kubeadm = new Promise<void>((resolve) => (stop = resolve));
  const beside = {
    ...host,
    clock: {
      ...clock,
      sleep: async (seconds: number) => {
        await clock.advance(seconds);
        await events[clock.monotonic()]?.();
        if (clock.monotonic() >= KUBEADM_SECONDS) stop();
      },
    },
    run: async (argv: Parameters<TestHost['run']>[0]) => {
      const command = argv.join(' ');
      if (/^(kill|systemctl restart)/.test(command)) done.push(`${clock.monotonic()}: ${command}`);
      if (done.filter((line) => line.endsWith(RESTART)).length === restarts) stop();
      return host.run(argv);
    },
    log: (line: string) => {
      host.log(line);
      if (line.includes('not restarted')) stop();
    },
  };
  await hasteningKubelet(beside, TARGET, () => kubeadm);
  return done;
}

/** As kubeadm does: the flags stay, something else is new. */
const replace = (name: StaticPodName) => async (): Promise<void> => {
  const content = String(await host.files.read(manifestFile(name)));
  await host.files.write(manifestFile(name), `# another\n${content}`, { mode: 0o600 });
};

const end = (pid: number): Promise<void> => host.files.remove(`/proc/${pid}`);

/** What Node gives when a connection fails so. */
const failPort = (code: string) => (): void =>
  host.respond(PORT, () => {
    const cause = Object.assign(new Error(`connect ${code}`), { code });
    throw new StatusError(`GET ${PORT}: ${code}`, { reason: 'Unavailable', cause });
  });

describe('when kubeadm has replaced etcd', () => {
  it('the kubelet is restarted once etcd has ended, then the API server is killed', async () => {
    const events = { 2: replace('etcd'), 9: () => end(ETCD) };
    expect(await during(events)).toEqual([`10: ${RESTART}`, `10: ${kill(API_SERVER)}`]);
    expect(host.lines).toEqual([
      'kubelet: restarted, so that it starts what is missing at once',
      `kube-apiserver: serves nobody: SIGKILL to process ${API_SERVER}`,
    ]);
  });

  it('it is restarted again behind the API server, and not more often', async () => {
    const events = {
      2: replace('etcd'),
      3: () => end(ETCD),
      6: async () => {
        await runStaticPod(host, 'etcd', { pid: 401, secondsAgo: 0 });
        await runStaticPod(host, 'kube-apiserver', { pid: SUCCESSOR, secondsAgo: 5 });
      },
      8: replace('kube-apiserver'),
      9: failPort('ECONNREFUSED'),
    };
    expect(await during(events, 2)).toEqual([
      `4: ${RESTART}`,
      `4: ${kill(API_SERVER)}`,
      `11: ${RESTART}`,
      `11: ${kill(SUCCESSOR)}`,
    ]);
  });

  it('it goes on when the new etcd is there', async () => {
    const start = async (): Promise<void> => {
      await end(ETCD);
      await runStaticPod(host, 'etcd', { pid: 401, secondsAgo: 0 });
    };
    expect(await during({ 2: replace('etcd'), 3: start })).toEqual([]);
  });

  it('it goes on when the new etcd has other flags', async () => {
    const content = String(await host.files.read(manifestFile('etcd')));
    const changed = content.replace(/--data-dir=[^"\s,\]]+/, '$&-new');
    expect(changed).not.toEqual(content);
    const start = async (): Promise<void> => {
      await host.files.write(manifestFile('etcd'), changed, { mode: 0o600 });
      await end(ETCD);
      await runStaticPod(host, 'etcd', { pid: 401, secondsAgo: 0 });
    };
    expect(await during({ 2: start })).toEqual([]);
  });

  it('it goes on when it reads something else by now: nobody knows whether it would start', async () => {
    const edit = async (): Promise<void> => {
      await replace('etcd')();
      await end(ETCD);
      await touch(host, '/var/lib/kubelet/config.yaml', 0);
    };
    expect(await during({ 2: edit })).toEqual([]);
    expect(host.lines).toEqual([
      expect.stringMatching(
        /^kubelet: not restarted meanwhile: \/var\/lib\/kubelet\/config.yaml: changed at/,
      ),
    ]);
  });

  it.each([
    ['etcd ended without it', { 2: () => end(ETCD) }],
    [
      'there is no manifest in between',
      {
        2: async () => {
          await host.files.remove(manifestFile('etcd'));
          await end(ETCD);
        },
      },
    ],
  ])('it goes on when %s', async (_case, events: Events) => {
    expect(await during(events)).toEqual([]);
  });
});

describe('when kubeadm has replaced the API server', () => {
  const refuse = failPort('ECONNREFUSED');

  it('the kubelet is restarted when it has taken no requests for 2 s, then it is killed', async () => {
    expect(await during({ 2: replace('kube-apiserver'), 10: refuse })).toEqual([
      `12: ${RESTART}`,
      `12: ${kill(API_SERVER)}`,
    ]);
  });

  it('one that has ended by itself is not waited for', async () => {
    const events = { 2: replace('kube-apiserver'), 3: refuse, 4: () => end(API_SERVER) };
    expect(await during(events)).toEqual([`5: ${RESTART}`]);
  });

  it('it has all of its time again when it took one', async () => {
    const answer = (): void => host.respond(PORT, { status: 500 });
    const events = { 2: replace('kube-apiserver'), 4: refuse, 5: answer, 8: refuse };
    expect((await during(events))[0]).toBe(`10: ${RESTART}`);
  });

  it('its successor, which does not listen yet, goes on, and so does the kubelet', async () => {
    const start = async (): Promise<void> => {
      await end(API_SERVER);
      await runStaticPod(host, 'kube-apiserver', { pid: SUCCESSOR, secondsAgo: 0 });
    };
    expect(await during({ 2: replace('kube-apiserver'), 3: refuse, 4: start })).toEqual([]);
  });

  it.each(['ETIMEDOUT', 'ECONNRESET'])('it stays when its port says %s', async (code) => {
    expect(await during({ 2: replace('kube-apiserver'), 3: failPort(code) })).toEqual([]);
  });

  it('it stays when it was not replaced', async () => {
    expect(await during({ 2: refuse })).toEqual([]);
  });
});

describe('nothing is done', () => {
  const disturb: Events = { 2: replace('etcd'), 3: () => end(ETCD) };

  it('where there are several control planes', async () => {
    answerEtcd(host, { members: [OWN_MEMBER, { name: 'node-2', clientURL: 'https://10.0.0.2:2379' }] });
    await hasteningKubelet(host, TARGET, async () => {
      for (const event of Object.values(disturb)) await event();
      await host.clock.advance(KUBEADM_SECONDS);
    });
    expect(host.commands).toEqual([]);
    expect(host.lines).toEqual([]);
  });

  it('when nobody knows whether there are, which is told', async () => {
    host.respond('https://', () => {
      throw new StatusError('etcd: no answer', { reason: 'Unavailable' });
    });
    expect(await hasteningKubelet(host, TARGET, async () => 'done')).toBe('done');
    expect(host.lines).toEqual(['kubelet: not restarted meanwhile: etcd: no answer']);
  });
});

describe('kubeadm', () => {
  it('goes on when the kubelet cannot be restarted, which is told', async () => {
    host.answer(['systemctl', 'restart', 'kubelet'], { code: 1, stderr: 'Job failed' });
    expect(await during({ 2: replace('etcd'), 3: () => end(ETCD) })).toEqual([`4: ${RESTART}`]);
    expect(host.lines.at(-1)).toBe('kubelet: not restarted meanwhile: exit code 1: Job failed');
  });

  it('fails with its own reason', async () => {
    const work = async (): Promise<void> => {
      throw new Error('exit code 1');
    };
    await expect(hasteningKubelet(host, TARGET, work)).rejects.toThrow('exit code 1');
  });
});
