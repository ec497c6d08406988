import { readdir, readlink, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** One that an operation may resume with after a reboot, and the one before. */
const KEPT = 2;

/** Removes program folders that no process of the host runs from, but for the newest two. Gives what was removed. */
export async function prunePrograms(folder: string, procFolder: string): Promise<string[]> {
  const used = await executables(procFolder);
  const found = await Promise.all(
    (await readdir(folder)).map(async (name) => ({
      program: path.join(folder, name),
      // Another launch may have removed it meanwhile.
      usedAt: await stat(path.join(folder, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    })),
  );
  const old = found
    .sort((a, b) => b.usedAt - a.usedAt)
    .slice(KEPT)
    .map(({ program }) => program)
    .filter((program) => !used.some((file) => file.startsWith(`${program}/`)));
  for (const program of old) await rm(program, { recursive: true, force: true });
  return old;
}

/** Files that processes run from, as their own mount namespace names them. */
async function executables(procFolder: string): Promise<string[]> {
  const processes = (await readdir(procFolder)).filter((name) => /^\d+$/.test(name));
  // A process may end meanwhile; threads of the kernel have no file.
  const links = processes.map((pid) => readlink(path.join(procFolder, pid, 'exe')).catch(() => ''));
  return Promise.all(links);
}
