import { disturbedUpdate, KUBEADM } from '../kit/disturbed.ts';
import { story } from '../kit/story.ts';

story('a node that loses power in the middle goes on by itself', async (site) => {
  await disturbedUpdate(site, KUBEADM, ({ node }) => node.reset());
});
