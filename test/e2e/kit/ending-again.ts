// A program of the control plane that ends again and again, but only the new one.
import { manifestFile, type StaticPodName } from '../../../src/steps/node/static-pods.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { endOn } from './run-on.ts';
import { NEW } from './versions.ts';

/** While the manifest is the old one, or another one, nothing is done. */
const END = 'while sleep 0.3; do if grep -q "image: .*:$2$" "$1"; then pkill -KILL -x "$3"; fi; done';
const NAME = 'ending-again';

/** Until it is closed. */
export function endingAgain(node: E2eNode, pod: StaticPodName): { close(): void } {
  node.start(['sh', '-c', END, NAME, manifestFile(pod), NEW, pod]);
  return { close: () => endOn(node, NAME) };
}
