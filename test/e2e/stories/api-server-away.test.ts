// The only API server is away when the steps of a worker end.
import { existsSync, renameSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '../../helpers/eventually.ts';
import { disturbedUpdate } from '../kit/disturbed.ts';
import { operationFolder } from '../kit/host-reports.ts';
import { firstNode, type Site } from '../kit/site.ts';
import { story } from '../kit/story.ts';

const MANIFEST = 'etc/kubernetes/manifests/kube-apiserver.yaml';
const ASIDE = 'etc/kubernetes/kube-apiserver.yaml.aside';

story('a worker is done although no API answers', async (site) => {
  const { root } = firstNode(site, 'control-plane');
  const [manifest, aside] = [path.join(root, MANIFEST), path.join(root, ASIDE)];
  await disturbedUpdate(site, 'systemctl restart kubelet', async ({ node, operation, command }) => {
    renameSync(manifest, aside);
    try {
      await eventually('the API server is away', () => isAway(site), 120);
      command.thaw();
      const last = path.join(operationFolder(node, operation), 'verify.json');
      await eventually('the node has done all of its list', () => existsSync(last), 120);
    } finally {
      renameSync(aside, manifest);
    }
  });
});

async function isAway({ api }: Site): Promise<boolean> {
  try {
    return (await api.get('/version')).status !== 200;
  } catch {
    return true;
  }
}
