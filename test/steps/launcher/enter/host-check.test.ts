import { describe, expect, it } from '@jest/globals';
import { hostProblem } from '../../../../src/steps/launcher/enter/host-check.ts';

const NODE = '/var/lib/refit/program/0123456789ab/node';
const problem = (code: number, output: string): string | undefined => hostProblem(NODE, { code, output });

describe('a host that runs the program', () => {
  it('has no problem, whatever it says', () => {
    expect(problem(0, 'v24.1.0')).toBeUndefined();
  });

  it.each([
    [
      'lacks a library',
      `${NODE}: error while loading shared libraries: libstdc++.so.6: cannot open shared object file: No such file or directory`,
      'the host lacks libstdc++.so.6: install it',
    ],
    [
      'is too old',
      `${NODE}: /lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.28' not found`,
      'it lacks GLIBC_2.28',
    ],
    [
      'has an old libstdc++',
      "version `GLIBCXX_3.4.30' not found (required by node)",
      'it lacks GLIBCXX_3.4.30',
    ],
    [
      'has another architecture',
      `nsenter: failed to execute ${NODE}: Exec format error`,
      'another architecture',
    ],
    ['forbids it', `nsenter: failed to execute ${NODE}: Permission denied`, 'mounted noexec'],
    ['has no glibc', `nsenter: failed to execute ${NODE}: No such file or directory`, 'no dynamic loader'],
    [
      'is not reached',
      'nsenter: cannot open /proc/1/ns/ipc: Permission denied',
      'ended with 127 on the host: nsenter: cannot',
    ],
    [
      'says something else',
      'warming up\nSegmentation fault',
      'ended with 127 on the host: Segmentation fault',
    ],
    ['says nothing', '', 'it said nothing'],
  ])('that %s is told what is missing', (_name, output, message) => {
    expect(problem(127, output)).toContain(message);
  });
});
