import { deletePods } from '../kit/pods.ts';
import { disturbedUpdate, KUBEADM } from '../kit/disturbed.ts';
import { story } from '../kit/story.ts';

const ARGO = 'argo';

story("an update outlives Argo's controller", async (site) => {
  await disturbedUpdate(site, KUBEADM, async () => {
    await deletePods(site, ARGO);
  });
});
