// Brings node and refit.js from the image to the host, where units go on with them when the container is gone.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface PlacedProgram {
  /** On the host. */
  folder: string;
  /** 0: it was there. */
  copiedBytes: number;
}

/**
 * All files of the folder: refit.js may be in parts. A folder per content: a unit that runs keeps its own. A copy that was
 * cut off is found by its digest and made again.
 */
export async function placeProgram(from: string, stateFolder: string, now: Date): Promise<PlacedProgram> {
  const files = (await readdir(from)).sort();
  const digests = await Promise.all(files.map((name) => sha256(path.join(from, name))));
  const all = files.map((name, index) => `${name} ${digests[index] ?? ''}\n`).join('');
  const digest = createHash('sha256').update(all).digest('hex').slice(0, 12);
  const folder = path.join(stateFolder, 'program', digest);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The kubelet makes it readable for all; it holds backups.
  await chmod(stateFolder, 0o700);
  let copiedBytes = 0;
  for (const [index, name] of files.entries()) {
    const target = path.join(folder, name);
    if ((await sha256(target)) === digests[index]) continue;
    copiedBytes += await copyDurably(path.join(from, name), target);
  }
  // When it was last used: decides which ones are kept.
  await utimes(folder, now, now);
  await writeCommand(stateFolder, folder);
  return { folder, copiedBytes };
}

/** For people on the machine. */
async function writeCommand(stateFolder: string, folder: string): Promise<void> {
  const command = path.join(stateFolder, 'refit');
  const temporary = temporaryFor(command);
  await writeFile(temporary, `#!/bin/sh\nexec ${folder}/node ${folder}/refit.js "$@"\n`, { mode: 0o700 });
  await rename(temporary, command);
}

async function copyDurably(from: string, to: string): Promise<number> {
  const temporary = temporaryFor(to);
  try {
    await copyFile(from, temporary);
    await chmod(temporary, 0o700);
    await sync(temporary);
    await rename(temporary, to);
    await sync(path.dirname(to));
  } finally {
    await rm(temporary, { force: true });
  }
  return (await stat(to)).size;
}

/** Several launches may do this at once. */
function temporaryFor(file: string): string {
  return `${file}.${randomBytes(4).toString('hex')}`;
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** undefined: no such file. */
async function sha256(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }))
      hash.update(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}
