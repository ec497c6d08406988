import { it } from '@jest/globals';
import { diagnostics } from './diagnostics.ts';
import { openSite, type Site } from './site.ts';

/** A test in the cluster that was started for it; when it fails, its error names the folder with all that can be known. */
export function story(name: string, tell: (site: Site) => Promise<void>): void {
  it(name, async () => {
    const site = openSite();
    try {
      await tell(site);
    } catch (error) {
      const folder = await diagnostics(site, name);
      if (error instanceof Error) error.message += `\n\nWhat is known of it: ${folder}`;
      throw error;
    }
  });
}
