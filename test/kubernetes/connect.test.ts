import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { connect } from '../../src/kubernetes/connect.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'refit-connect-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
}

const GOOD = `
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: c, cluster: {server: "https://management.example.com:6443", certificate-authority: ca.crt}}]
users: [{name: u, user: {token: very-secret}}]
contexts: [{name: here, context: {cluster: c, user: u}}]
`;

describe('connect', () => {
  it('takes the current context of a file, with paths relative to the file', () => {
    const cluster = connect(file('good', GOOD)).getCurrentCluster();
    expect(cluster?.server).toBe('https://management.example.com:6443');
    expect(cluster?.caFile).toBe(path.join(folder, 'ca.crt'));
  });

  it('names a file that is not there', () => {
    expect(() => connect('/none/kubeconfig')).toThrow('kubeconfig /none/kubeconfig: cannot be read (ENOENT)');
  });

  it('shows nothing of a file that is no kubeconfig', () => {
    const bad = file('bad', 'users: [{token: very-secret\n  ]: x');
    const error = thrownBy(() => connect(bad));
    expect(error).toMatchObject({ reason: 'BadInput', message: expect.stringContaining(bad) });
    expect(`${String(error)} ${String(error.cause)}`).not.toContain('very-secret');
  });

  it('refuses a file whose current context leads to no cluster', () => {
    const error = thrownBy(() =>
      connect(file('none', GOOD.replace('current-context: here', 'current-context: there'))),
    );
    expect(error.message).toBe('current-context: got "there", expected a context with a cluster');
  });
});

function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
