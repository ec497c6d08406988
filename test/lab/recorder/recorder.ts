// Keeps requests that pass on their way to Refit, as fixtures: scrubbed, in a folder for each story.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonValue } from '../../../src/api/json.ts';
import { type Proxy, type ProxyOptions, startProxy } from './proxy.ts';
import { scrub } from './scrub.ts';
import { createSelection, DISCOVERY, namespaceOf } from './selection.ts';

export interface RecorderOptions extends Omit<ProxyOptions, 'seen' | 'failed'> {
  folder: string;
  /** The name of the story that a namespace is used for. */
  storyOf: (namespace: string) => Promise<string>;
  log: (line: string) => void;
}

/** Nothing unscrubbed is ever written. */
export async function startRecorder(options: RecorderOptions): Promise<Proxy> {
  const { folder, storyOf, log } = options;
  const select = createSelection();
  const keep = async (url: string, content: string): Promise<void> => {
    const hook = hookOf(url);
    const body = JSON.parse(content) as JsonValue;
    const namespace = namespaceOf(body);
    const story = namespace === undefined ? DISCOVERY : await storyOf(namespace);
    const name = select(story, { hook, body });
    if (name === undefined) return;
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, scrub(content), { mode: 0o600 });
    log(`kept ${name}`);
  };
  const failed = (error: unknown) => log(`failed: ${error instanceof Error ? error.message : String(error)}`);
  // One after the other, so that they are numbered in the order of their arrival.
  let last = Promise.resolve();
  const seen = (url: string, body: Buffer) => {
    last = last.then(() => keep(url, body.toString())).catch(failed);
  };
  return startProxy({ ...options, seen, failed });
}

/** `/hooks.../v1alpha1/updatemachine/update-machine?timeout=10s` */
function hookOf(url: string): string {
  const hook = /^\/[^/?]+\/[^/?]+\/([a-z]+)(?:[/?]|$)/.exec(url)?.[1];
  if (hook === undefined) throw new Error(`path: got ${url.slice(0, 200)}, expected that of a Runtime Hook`);
  return hook;
}
