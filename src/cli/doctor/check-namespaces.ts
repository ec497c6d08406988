// What each namespace with opted-in Clusters needs: account, rights, the image map with the versions that are asked for. Pure.
import { IMAGE_MAP_CONFIG_MAP, WORKFLOW_SERVICE_ACCOUNT } from '../../api/install.ts';
import { canonicalJson, type JsonValue } from '../../api/json.ts';
import { SERVER_NAMESPACE } from '../../charts/names.ts';
import { imageMapOf } from '../image-map.ts';
import { reasonOf, serverImageMap } from './check-server.ts';
import { unseenOwners, wantedVersions } from './clusters.ts';
import { known, type Check, type DoctorFacts, type Looked, type NamespaceFacts } from './facts.ts';
import { findingsOf, type Finding } from './finding.ts';
import { INFRASTRUCTURE, type Need } from './needs.ts';

export const checkNamespaces: Check = (facts) => {
  const say = findingsOf('namespaces');
  if (facts.namespaces.length === 0) {
    const unseen = unseenOwners(facts);
    if (unseen.length > 0) return unseen.map((why) => say.unknown(why));
    return [
      say.warning('no Cluster has opted in', 'kubectl label cluster NAME capi-refit.io/strategy=in-place'),
    ];
  }
  return facts.namespaces.flatMap((namespace) => {
    const found = [...accountProblems(namespace), ...mapProblems(namespace, facts)];
    return found.length > 0 ? found : [say.ok(namespace.name)];
  });
};

function accountProblems({ name, serviceAccount }: NamespaceFacts): Finding[] {
  const say = findingsOf('namespaces');
  if ('unknown' in serviceAccount) return [say.unknown(serviceAccount.unknown)];
  if (serviceAccount.found) return [];
  return [
    say.error(`${name}: no ServiceAccount ${WORKFLOW_SERVICE_ACCOUNT}: not installed there`, install(name)),
  ];
}

function mapProblems({ name, imageMap, serviceAccount }: NamespaceFacts, facts: DoctorFacts): Finding[] {
  const say = findingsOf('namespaces');
  if ('unknown' in imageMap) return [say.unknown(imageMap.unknown)];
  if (!known(serviceAccount)) return [];
  if (!imageMap.found) return [say.error(`${name}: no ConfigMap ${IMAGE_MAP_CONFIG_MAP}`, install(name))];
  try {
    const [here, server] = [imageMapOf(imageMap.found), serverImageMap(facts)];
    const isSame =
      server === undefined || canonicalJson(here as JsonValue) === canonicalJson(server as JsonValue);
    return isSame
      ? []
      : [
          say.error(
            `${name}: another image map than the server's: steps would refuse`,
            'apply both files of dist/ anew',
          ),
        ];
  } catch (error) {
    return [say.error(`${name}: ${reasonOf(error)}`, install(name))];
  }
}

export const checkRights: Check = ({ missing, namespaces }) => {
  const say = findingsOf('rights');
  const found = [
    ...rightProblems('in all namespaces', missing, 'kubectl apply -f dist/refit-server.k8s.yaml'),
    ...namespaces.flatMap((namespace) =>
      rightProblems(`in ${namespace.name}`, namespace.missing, install(namespace.name)),
    ),
  ];
  return found.length > 0 ? found : [say.ok('the server and the step pods may do what they must')];
};

function rightProblems(where: string, missing: Looked<readonly Need[]>, remedy: string): Finding[] {
  const say = findingsOf('rights');
  if ('unknown' in missing) return [say.unknown(missing.unknown)];
  const isInfrastructure = ({ group }: Need): boolean => group === INFRASTRUCTURE;
  const finding = (account: Need['account'], needs: readonly Need[], what: string): Finding[] => {
    const lacking = needs.filter((need) => need.account === account);
    const rights = lacking.map(({ verb, resource }) => `${verb} ${resource}`).join(', ');
    return lacking.length === 0 ? [] : [say.error(`${where} the ${account} may not ${rights}`, what)];
  };
  const usual = missing.found.filter((need) => !isInfrastructure(need));
  const name = 'name it in infrastructureMachines of src/charts/values.ts, npm run synth, apply dist/ anew';
  return [
    ...finding('server', usual, remedy),
    ...finding('steps', usual, remedy),
    ...finding('steps', missing.found.filter(isInfrastructure), name),
  ];
}

export const checkImageMap: Check = (facts) => {
  const say = findingsOf('image map');
  const { imageMap } = facts;
  if ('unknown' in imageMap) return [say.unknown(imageMap.unknown)];
  const where = `ConfigMap ${SERVER_NAMESPACE}/${IMAGE_MAP_CONFIG_MAP}`;
  if (!imageMap.found)
    return [say.error(`${where} is not there`, 'kubectl apply -f dist/refit-server.k8s.yaml')];
  try {
    const releases = Object.values(imageMapOf(imageMap.found));
    if (releases.length === 0) return [say.error('empty: every update is refused', 'docs/images.md')];
    const versions = new Set(releases.map(({ kubernetes }) => kubernetes));
    const lacking = wantedVersions(facts).filter(({ version }) => !versions.has(version));
    if (lacking.length === 0) return [say.ok(`${releases.length} releases: ${[...versions].join(', ')}`)];
    return lacking.map(({ version, by }) =>
      say.error(`no release for ${version}, which ${by} asks for`, 'make its image: docs/images.md'),
    );
  } catch (error) {
    return [say.error(reasonOf(error), `correct ${where}`)];
  }
};

function install(namespace: string): string {
  return `add it to clusterNamespaces in src/charts/values.ts, npm run synth, kubectl apply -f dist/refit-cluster-namespace-${namespace}.k8s.yaml`;
}
