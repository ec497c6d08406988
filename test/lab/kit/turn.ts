// Stories that take away what all need, or must not be disturbed: their Clusters are made side by side, and then one after the other is told.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../helpers/eventually.ts';
import type { LabCluster } from './cluster.ts';
import { putInOrder } from './disruption.ts';
import { settled, siteWith } from './settled.ts';
import type { Site } from './site.ts';

/** One of them has it, or none. */
const TURN = 'turn';
const PREPARING = '.preparing';
const WAIT_SECONDS = 1500;

/** `siteWith`, when it is this story's turn; it is until `leave`, which puts the lab in order. */
export async function siteInTurn(story: string, cluster: LabCluster): Promise<Site> {
  const turns = path.join(process.env['REFIT_LAB_FOLDER'] ?? '', 'turns');
  mkdirSync(turns, { recursive: true });
  const preparing = path.join(turns, `${story}${PREPARING}`);
  writeFileSync(preparing, String(process.pid));
  let site: Site;
  try {
    site = await siteWith(story, cluster);
  } finally {
    rmSync(preparing);
  }
  await eventually(`the turn of ${story}`, () => takeTurn(turns, story), WAIT_SECONDS);
  const leave = async () => {
    try {
      await putInOrder(site);
      await site.leave();
    } finally {
      rmSync(path.join(turns, TURN));
    }
  };
  try {
    // The stories before may have left it in the middle of something.
    await settled(site, cluster);
  } catch (error) {
    await leave();
    throw error;
  }
  return { ...site, leave };
}

function takeTurn(turns: string, story: string): true | string {
  const names = readdirSync(turns);
  const others = names.filter((name) => name.endsWith(PREPARING) && isAlive(path.join(turns, name)));
  if (others.length > 0) return others.join(', ');
  const turn = path.join(turns, TURN);
  if (names.includes(TURN) && !isAlive(turn)) rmSync(turn, { force: true });
  try {
    writeFileSync(turn, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    return `${story} waits for process ${readFileSync(turn, 'utf8')}`;
  }
}

/** Whoever wrote it: a process that was killed leaves its file. */
function isAlive(file: string): boolean {
  try {
    return process.kill(Number(readFileSync(file, 'utf8')), 0);
  } catch {
    return false;
  }
}
