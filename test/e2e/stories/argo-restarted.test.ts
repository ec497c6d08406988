import { deletePods } from '../kit/pods.ts';
import { disturbedUpdate, KUBEADM } from '../kit/disturbed.ts';
import { ARGO_NAMESPACE } from '../../lab/objects/argo.ts';
import { story } from '../kit/story.ts';

story("an update outlives Argo's controller", async (site) => {
  await disturbedUpdate(site, KUBEADM, async () => {
    await deletePods(site, ARGO_NAMESPACE);
  });
});
