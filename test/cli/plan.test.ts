import { describe, expect, it } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import type { JsonObject } from '../../src/api/json.ts';
import type { PlanOutput } from '../../src/cli/plan-output.ts';
import { run } from '../../src/cli/run.ts';
import { fakeIo } from '../helpers/io.ts';
import { recorded, recordings } from '../helpers/requests.ts';

const VERSION = recorded('kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json');
const BLOCKED = recorded(
  'kcp-removals-extraargs-scheduler-files-ntp/01-canupdatemachine-refit-cp-c9dq6.json',
);
const FILES = recorded('kcp-files-kubeletargs-etcdtag-certsans/01-canupdatemachine-refit-cp-2f546.json');
const UPDATE = recorded('md-version-1.33-to-1.34/02-updatemachine-refit-md-0-gb7wv-fmtz5.json');

describe('refit plan -o json', () => {
  it('holds what the contract says', async () => {
    const { code, output } = await json(VERSION);
    expect(code).toBe(EXIT.done);
    expect(Object.keys(output).sort()).toEqual(['decision', 'differences', 'reason', 'response', 'steps']);
    expect(output.decision).toBe('accept');
    expect(output.differences).toEqual([
      {
        object: 'machine',
        path: '/spec/version',
        from: 'v1.33.7',
        to: 'v1.34.3',
        verdict: 'claimed',
        reason: expect.any(String),
      },
    ]);
    for (const step of output.steps) {
      expect(step).toEqual({
        name: expect.any(String),
        group: expect.stringMatching(/^(quiet|flip|-)$/),
        disruptive: expect.any(Boolean),
        reason: expect.any(String),
      });
    }
    expect(output.response).toMatchObject({
      kind: 'CanUpdateMachineResponse',
      status: 'Success',
      machinePatch: { patchType: 'JSONPatch' },
    });
  });

  it.each([
    [[], 'block', 'Failure'],
    [['--on-uncovered', 'replace'], 'replace', 'Success'],
    [['--on-uncovered', 'block', '--policy', 'replace.yaml'], 'block', 'Failure'],
    [['--policy', 'replace.yaml'], 'replace', 'Success'],
  ])('decides on uncovered differences by flag, then policy: %j', async (flags, decision, status) => {
    const { code, output } = await json(BLOCKED, flags, { 'replace.yaml': 'onUncovered: replace' });
    expect({ code, decision: output.decision, status: output.response.status }).toEqual({
      code: EXIT.done,
      decision,
      status,
    });
  });

  it('plans an UpdateMachine request from the desired state alone', async () => {
    const { code, output } = await json(UPDATE);
    expect(code).toBe(EXIT.done);
    expect(output).toMatchObject({
      decision: 'accept',
      differences: [],
      response: { status: 'Success', retryAfterSeconds: 10 },
    });
    expect(output.steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['stage', 'kubeadm', 'configure', 'kubelet']),
    );
  });

  it('rejects what cannot be decoded, with the answer that Cluster API would get, and ends with bad input', async () => {
    const { code, output, stderr } = await json({ ...VERSION, kind: 'Pod' });
    expect(code).toBe(EXIT.badInput);
    expect(output).toMatchObject({
      decision: 'reject',
      response: { status: 'Failure' },
      differences: [],
      steps: [],
    });
    expect(stderr).toContain('kind: got "Pod"');
  });

  it('could decide when a request must not be obeyed', async () => {
    const { code, output } = await json(UPDATE, ['--policy', 'empty.yaml'], { 'empty.yaml': 'imageMap: {}' });
    expect(code).toBe(EXIT.done);
    expect(output).toMatchObject({ decision: 'reject', reason: expect.stringContaining('imageMap') });
  });

  it.each(recordings('update'))('decides on %s', async (path) => {
    const { code, output } = await json(recorded(path));
    expect(code).toBe(EXIT.done);
    expect(output.decision).not.toBe('reject');
  });
});

describe('refit plan for people', () => {
  it('shows no content of a file: neither in the table nor in YAML', async () => {
    for (const format of ['table', 'yaml']) {
      const { stdout } = await plan(FILES, ['-o', format]);
      expect(stdout).toContain('/spec/files/0/content');
      expect(stdout).not.toContain('max_map_count');
      expect(stdout).not.toContain(Buffer.from('max_map_count').toString('base64').slice(0, 12));
    }
  });

  it('fits 80 columns but for values without a space', async () => {
    const { stdout } = await plan(BLOCKED, []);
    const tooLong = stdout.split('\n').filter((line) => line.length > 80 && line.trim().includes(' '));
    expect(tooLong).toEqual([]);
  });

  it('has no colours when it is not a terminal', async () => {
    const { stdout } = await plan(BLOCKED, []);
    expect(stdout).not.toContain('\u001B');
    const io = { ...fakeIo({ f: JSON.stringify(BLOCKED) }), hasColour: true };
    await run(['plan', '-f', 'f'], io);
    expect(io.stdout()).toContain('\u001B[31mblock');
  });
});

describe('bad input', () => {
  it.each([
    ['no file', ['plan', '-f', 'absent.json'], 'absent.json: cannot be read (ENOENT)'],
    ['no -f', ['plan'], "required option '-f, --filename <file>'"],
    ['an unknown format', ['plan', '-f', 'f', '-o', 'xml'], 'table, yaml, json'],
    ['an unknown way', ['plan', '-f', 'f', '--on-uncovered', 'delete'], 'block, replace'],
    ['an unknown command', ['upgarde'], 'unknown command'],
    ['a policy with bad keys', ['plan', '-f', 'f', '--policy', 'bad.yaml'], 'bad.yaml.drain'],
    [
      'a policy that is no YAML',
      ['plan', '-f', 'f', '--policy', 'broken.yaml'],
      'broken.yaml: expected YAML',
    ],
    [
      'a policy that is a list',
      ['plan', '-f', 'f', '--policy', 'list.yaml'],
      'list.yaml: expected a mapping',
    ],
    ['a port', ['serve', '--port', '65536'], 'expected a port, 0 to 65535'],
    ['no certificate', ['serve'], '--tls-cert-file, --tls-private-key-file: expected both'],
  ])('%s: ends with 2 and says what was expected', async (_name, argv, message) => {
    const files = {
      f: JSON.stringify(VERSION),
      'bad.yaml': 'drain: sometimes\nnope: 1\n',
      'broken.yaml': 'a: [',
      'list.yaml': '- a',
    };
    const io = fakeIo(files);
    expect(await run(argv, io)).toBe(EXIT.badInput);
    expect(io.stderr()).toContain(message);
    expect(io.stdout()).toBe('');
  });

  it('names every bad key of a policy at once', async () => {
    const io = fakeIo({ f: '{}', 'bad.yaml': 'drain: sometimes\nsettleSeconds: -1\nnope: 1\n' });
    await run(['plan', '-f', 'f', '--policy', 'bad.yaml'], io);
    for (const key of ['drain', 'settleSeconds', 'nope']) expect(io.stderr()).toContain(key);
  });
});

async function plan(body: JsonObject, flags: readonly string[], files: Record<string, string> = {}) {
  const io = fakeIo({ ...files, 'request.json': JSON.stringify(body) });
  const code = await run(['plan', '-f', 'request.json', ...flags], io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

async function json(body: JsonObject, flags: readonly string[] = [], files: Record<string, string> = {}) {
  const { stdout, ...rest } = await plan(body, ['-o', 'json', ...flags], files);
  return { ...rest, output: JSON.parse(stdout) as PlanOutput };
}
