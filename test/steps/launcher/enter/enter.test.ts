import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../../../src/api/commands.ts';
import { enter, type EnterOptions } from '../../../../src/steps/launcher/enter/enter.ts';
import { until } from '../../../helpers/until.ts';
import { OPERATION, sampleInput, sampleReport, SECRET_TEXT } from '../samples.ts';

let folder: string;
let lines: string[];
let stop: AbortController;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-enter-'));
  lines = [];
  stop = new AbortController();
  for (const name of ['image', 'state', 'proc', 'input']) mkdirSync(path.join(folder, name));
  write('input/input.json', JSON.stringify(sampleInput()));
  // The program of the image: a real Node.js behind a small file.
  write('image/node', `#!/bin/sh\nexec "${process.execPath}" "$@"\n`, 0o755);
  program('');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string, mode = 0o644): void {
  writeFileSync(path.join(folder, name), content, { mode });
}

/** What `refit host launch` does. */
function program(code: string): void {
  write('image/refit.js', code);
}

function options(): EnterOptions {
  return {
    inputFile: path.join(folder, 'input/input.json'),
    programFolder: path.join(folder, 'image'),
    componentsFolder: '/opt/refit/components',
    stateFolder: path.join(folder, 'state'),
    procFolder: path.join(folder, 'proc'),
    terminationLog: path.join(folder, 'termination-log'),
    intoHost: [],
    pid: 4711,
    now: () => new Date('2026-01-01T00:00:00Z'),
    out: (line) => void lines.push(line),
    signal: stop.signal,
  };
}

const terminationMessage = (): string => readFileSync(path.join(folder, 'termination-log'), 'utf8');
const programs = (): string[] => readdirSync(path.join(folder, 'state/program'));

describe('refit host enter', () => {
  it('starts the step with the program of the host, the input on standard input', async () => {
    program(`
      console.log(JSON.stringify(process.argv.slice(2)));
      console.log(process.env.SECRET, __filename);
      const input = JSON.parse(require('fs').readFileSync(0, 'utf8'));
      console.log(input.step, input.plan.operation);
    `);
    process.env['SECRET'] = 'of the container';
    const code = await enter(options());
    delete process.env['SECRET'];
    expect(code).toBe(0);
    const placed = path.join(folder, 'state/program', programs()[0]!);
    expect(lines.slice(-3)).toEqual([
      '["host","launch","--components=/proc/4711/root/opt/refit/components"]',
      `undefined ${placed}/refit.js`,
      `kubeadm ${OPERATION}`,
    ]);
  });

  it('goes into the namespaces of the host by what it is told', async () => {
    program('console.log("in", process.env.HOST)');
    await enter({ ...options(), intoHost: ['/usr/bin/env', 'HOST=yes'] });
    expect(lines.at(-1)).toBe('in yes');
  });

  it.each([0, 1, 2, 75])('ends with the code of the step: %s', async (code) => {
    program(`process.exit(${code})`);
    expect(await enter(options())).toBe(code);
  });

  it('leaves the last report as the termination message', async () => {
    const report = sampleReport();
    program(`
      console.log('working');
      console.log('refit-report ' + JSON.stringify({ no: 'report' }));
      console.log('refit-report ' + ${JSON.stringify(JSON.stringify(report))});
      console.error('refit: said afterwards');
      process.exitCode = 1;
    `);
    expect(await enter(options())).toBe(1);
    expect(JSON.parse(terminationMessage())).toEqual(report);
    expect(lines).toContain('working');
    expect(lines).toContain(`refit-report ${JSON.stringify(report)}`);
  });

  it('leaves the last line when there is no report', async () => {
    program(`console.log('x'); console.error('refit: machine-id: got a, expected b'); process.exitCode = 2;`);
    expect(await enter(options())).toBe(EXIT.badInput);
    expect(terminationMessage()).toBe('refit: machine-id: got a, expected b');
  });

  it('says when it did what, and how many bytes it copied', async () => {
    await enter(options());
    const bytes = ['node', 'refit.js'].reduce(
      (sum, name) => sum + statSync(path.join(folder, 'image', name)).size,
      0,
    );
    const placed = path.join(folder, 'state/program', programs()[0]!);
    expect(lines).toEqual([
      '2026-01-01T00:00:00.000Z enter: started',
      `2026-01-01T00:00:00.000Z enter: program: ${bytes} bytes copied to ${placed}`,
      `2026-01-01T00:00:00.000Z enter: starting kubeadm of ${OPERATION}`,
    ]);
    await enter(options());
    expect(lines[4]).toBe(`2026-01-01T00:00:00.000Z enter: program: 0 bytes copied to ${placed}`);
  });

  it('shows nothing of the contents', async () => {
    program('require("fs").readFileSync(0)');
    await enter(options());
    const encoded = Buffer.from(SECRET_TEXT).toString('base64');
    expect(`${lines.join('\n')}${terminationMessage()}`).not.toContain(encoded);
    expect(execFileSync('grep', ['-rlF', encoded, folder], { encoding: 'utf8' }).trim()).toBe(
      path.join(folder, 'input/input.json'),
    );
  });

  it.each([
    ['is not there', undefined],
    ['is cut off', '{"version": 1'],
    ['is of another release', JSON.stringify({ ...sampleInput(), version: 2 })],
  ])('refuses an input that %s', async (_name, content) => {
    rmSync(path.join(folder, 'input/input.json'));
    if (content !== undefined) write('input/input.json', content);
    expect(await enter(options())).toBe(EXIT.badInput);
    expect(terminationMessage()).toContain('input.json: not there, or not what this release understands');
    expect(existsSync(path.join(folder, 'state/program'))).toBe(false);
  });

  it('fails the step, with a report, on a host that cannot run the program', async () => {
    const loader = 'error while loading shared libraries: libstdc++.so.6: cannot open shared object file';
    write('image/node', `#!/bin/sh\necho "node: ${loader}" >&2\nexit 127\n`, 0o755);
    expect(await enter(options())).toBe(EXIT.failed);
    expect(JSON.parse(terminationMessage())).toMatchObject({
      result: {
        step: 'kubeadm',
        operation: OPERATION,
        outcome: 'failed',
        message: 'the host lacks libstdc++.so.6: install it (libc6 and libstdc++6 are needed)',
      },
    });
  });

  it('fails the step, with a report, when the host has no place for the program', async () => {
    rmSync(path.join(folder, 'state'), { recursive: true });
    write('state', 'a file');
    expect(await enter(options())).toBe(EXIT.failed);
    expect(JSON.parse(terminationMessage())).toMatchObject({
      result: { outcome: 'failed', message: expect.stringMatching(/ENOTDIR|EEXIST/) },
    });
  });

  it('ends at once when it is told to, whatever goes on: Kubernetes starts the next pod', async () => {
    program(`
      const { spawn } = require('child_process');
      spawn('sleep', ['5'], { stdio: 'inherit' });
      console.log('working');
      setInterval(() => {}, 1000);
    `);
    const ended = enter(options());
    await until(() => lines.includes('working'), 'working');
    stop.abort();
    expect(await ended).toBe(EXIT.temporary);
  });
});
