import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFolder, type FolderLayout, folderLayout } from './folder.ts';
import { noteProcesses, removeAll, removeLeftovers } from './remains.ts';

let layout: FolderLayout;

beforeEach(() => {
  layout = folderLayout(mkdtempSync(path.join(tmpdir(), 'refit-remains-')));
  createFolder(layout);
  writeFileSync(path.join(layout.data, 'key'), 'secret');
  writeFileSync(layout.kubeconfig, 'token');
  writeFileSync(path.join(layout.logs, 'etcd.log'), 'line');
});
afterEach(() => rmSync(layout.root, { recursive: true, force: true }));

it('are none where no lab has been', async () => {
  expect(await removeLeftovers(layout)).toBe(false);
  expect(readdirSync(layout.root)).toContain('kubeconfig');
});

it('of a killed lab go when its processes have ended', async () => {
  const stays = spawn('sh', ['-c', 'read -r _', layout.data], { stdio: ['pipe', 'ignore', 'ignore'] });
  noteProcesses(layout, [stays.pid]);
  const removed = removeLeftovers(layout);
  expect(readdirSync(layout.root)).toContain('data');
  stays.stdin?.end();
  await once(stays, 'exit');
  expect(await removed).toBe(true);
  expect(readdirSync(layout.root)).toEqual(['logs']);
});

it('are not waited for when a number is another program by now', async () => {
  noteProcesses(layout, [process.pid]);
  expect(await removeLeftovers(layout)).toBe(true);
});

it('of a lab with its logs elsewhere include its folder', () => {
  rmSync(layout.logs, { recursive: true });
  removeAll(layout);
  expect(() => readdirSync(layout.root)).toThrow('ENOENT');
});
