// Which story a namespace is used for: written where the story claims it.
import { CONFIG_MAPS } from '../../../src/hook/kubernetes/resources.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import type { Api } from '../../apiserver/api.ts';
import { CLAIM } from '../kit/site.ts';

/** A namespace may be taken over by the next story, but not as fast as this. */
const trustSeconds = 5;

/** When the API server is away: what it said last. A namespace that is not claimed is its own story. */
export function storyReader(api: Api): (namespace: string) => Promise<string> {
  const known = new Map<string, { story: string; readAt: number }>();
  return async (namespace) => {
    const last = known.get(namespace);
    if (last && performance.now() - last.readAt < trustSeconds * 1000) return last.story;
    const answer = await api.get(CONFIG_MAPS.path(namespace, CLAIM)).catch(() => undefined);
    if (!answer || answer.status >= 500) return last?.story ?? namespace;
    const story = text(answer.body, 'data', 'story') ?? namespace;
    known.set(namespace, { story, readAt: performance.now() });
    return story;
  };
}
