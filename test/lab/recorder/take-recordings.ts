import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isOfLab } from '../../helpers/requests.ts';

/**
 * Puts each recorded story in place of its last recording; after a run of all stories those that are gone go. What
 * other means recorded stays. Returns what was done, a line for each story.
 */
export function takeRecordings(recorded: string, fixtures: string, isWhole: boolean): string[] {
  const stories = readdirSync(recorded).sort();
  const former = existsSync(fixtures) ? readdirSync(fixtures).filter((story) => isOurs(fixtures, story)) : [];
  const gone = isWhole ? former.filter((story) => !stories.includes(story)) : [];
  for (const story of [...stories, ...gone])
    rmSync(path.join(fixtures, story), { recursive: true, force: true });
  const taken = stories.map((story) => {
    const files = readdirSync(path.join(recorded, story));
    mkdirSync(path.join(fixtures, story), { recursive: true });
    for (const file of files) {
      writeFileSync(path.join(fixtures, story, file), readFileSync(path.join(recorded, story, file)));
    }
    return `${story}: ${files.length} requests`;
  });
  return [...taken, ...gone.map((story) => `${story}: removed, no story has this name any more`)];
}

function isOurs(fixtures: string, story: string): boolean {
  return readdirSync(path.join(fixtures, story)).some((file) => isOfLab(`${story}/${file}`));
}
