import { expect, it } from '@jest/globals';
import { folderLayout } from './folder.ts';
import { usage } from './usage.ts';

it.each([undefined, '/home/someone/.cache/refit/tools/kubernetes-0123456789ab/kubectl'])(
  'fits a terminal; kubectl %s',
  (kubectl) => {
    const shown = (file: string) => file.replace(`${process.cwd()}/`, '');
    const text = usage({ seconds: 30, layout: folderLayout('out/lab'), shown, kubectl });
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain('kubectl apply -f test/lab/example.yaml');
    expect(text.includes(`alias kubectl=${kubectl}`)).toBe(kubectl !== undefined);
  },
);
