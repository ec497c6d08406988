import { disturbedUpdate, KUBEADM } from '../kit/disturbed.ts';
import { runOn } from '../kit/run-on.ts';
import { story } from '../kit/story.ts';

story('containerd may be restarted under a step', async (site) => {
  await disturbedUpdate(site, KUBEADM, async ({ node }) => {
    runOn(node, ['systemctl', 'restart', 'containerd']);
  });
});
