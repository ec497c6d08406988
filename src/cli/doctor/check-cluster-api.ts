// Cluster API: its version, its gates, and that it calls our hooks. Pure.
import type { JsonObject } from '../../api/json.ts';
import { STRATEGY_IN_PLACE } from '../../api/labels.ts';
import { SERVER } from '../../charts/names.ts';
import { HOOKS } from '../../hook/hooks.ts';
import { list, text } from '../../kubernetes/fields.ts';
import { strategyOf } from '../strategy-of.ts';
import { hasGate, programs, type Program } from './deployments.ts';
import { known, type Check } from './facts.ts';
import { findingsOf, type Finding } from './finding.ts';

const MANAGERS = [
  { image: 'cluster-api-controller', gates: ['RuntimeSDK', 'InPlaceUpdates'] },
  { image: 'kubeadm-control-plane-controller', gates: ['InPlaceUpdates'] },
];
const OLDEST = '1.12.0';
const NOT_TRIED = '1.15.0';
const ELSEWHERE = 'look at it where it runs';
const GATES_REMEDY =
  'clusterctl: EXP_RUNTIME_SDK=true EXP_IN_PLACE_UPDATES=true; or add to --feature-gates of the manager';

export const checkClusterApi: Check = ({ deployments, clusters }) => {
  const say = findingsOf('Cluster API');
  if ('unknown' in deployments) return [say.unknown(deployments.unknown)];
  // Clusters that are upgraded by their owners need no gates.
  const opted = known(clusters)?.map(strategyOf) ?? [];
  const needsHooks = opted.includes(STRATEGY_IN_PLACE) || opted.every((strategy) => strategy === undefined);
  return MANAGERS.flatMap(({ image, gates }) => {
    const [manager] = programs(deployments.found, image);
    if (!manager)
      return [say.unknown(`${image}: no Deployment here runs it: version and gates unknown`, ELSEWHERE)];
    const missing = gates.filter((gate) => !hasGate(manager, gate));
    const problem = needsHooks ? say.error : say.warning;
    const found = [
      ...versionProblem(manager),
      ...(missing.length > 0
        ? [problem(`${manager.where}: ${missing.join(', ')} not on`, GATES_REMEDY)]
        : []),
    ];
    return found.length > 0
      ? found
      : [say.ok(`${image} v${manager.version?.version ?? '?'}, ${gates.join(', ')} on`)];
  });
};

function versionProblem({ version, where, image }: Program): Finding[] {
  const say = findingsOf('Cluster API');
  if (!version)
    return [
      say.warning(`${where}: image ${image} tells no version`, `make sure that it is ${OLDEST} or newer`),
    ];
  if (version.compare(OLDEST) < 0)
    return [
      say.error(
        `${where}: v${version.version}, too old`,
        `upgrade to ${OLDEST} or newer: clusterctl upgrade`,
      ),
    ];
  if (version.compare(NOT_TRIED) < 0) return [];
  return [
    say.warning(
      `${where}: v${version.version}, newer than what was tried`,
      'try it on a cluster that you can lose',
    ),
  ];
}

export const checkExtensionConfig: Check = ({ extensionConfigs }) => {
  const say = findingsOf('ExtensionConfig');
  if ('unknown' in extensionConfigs) return [say.unknown(extensionConfigs.unknown)];
  const ours = extensionConfigs.found.find(
    (config) => text(config, 'spec', 'clientConfig', 'service', 'name') === SERVER,
  );
  if (!ours)
    return [say.error('there is none for the Refit server', 'kubectl apply -f dist/refit-server.k8s.yaml')];
  const found = [...discoveryProblems(ours), ...rivals(ours, extensionConfigs.found)];
  return found.length > 0 ? found : [say.ok(`${nameOf(ours)}: discovered, ${handlersOf(ours).length} hooks`)];
};

function discoveryProblems(config: JsonObject): Finding[] {
  const say = findingsOf('ExtensionConfig');
  const name = nameOf(config);
  if (text(config, 'spec', 'clientConfig', 'caBundle') === undefined) {
    return [
      say.error(
        `${name}: no caBundle`,
        'see the Certificate below; Cluster API copies its CA with gate RuntimeSDK',
      ),
    ];
  }
  const condition = list(config, 'status', 'conditions').find((each) => text(each, 'type') === 'Discovered');
  if (text(condition, 'status') !== 'True') {
    const why = text(condition, 'message') ?? 'Cluster API has not looked yet';
    return [
      say.error(
        `${name}: not discovered: ${why}`,
        'look at the server, the NetworkPolicy and the certificate',
      ),
    ];
  }
  const handlers = handlersOf(config);
  const missing = HOOKS.filter(({ hook }) => !handlers.some((handler) => handler.hook === hook)).map(
    ({ hook }) => hook,
  );
  const ignoring = handlers
    .filter(({ failurePolicy }) => failurePolicy === 'Ignore')
    .map(({ name: handler }) => handler);
  return [
    ...(missing.length > 0
      ? [
          say.error(
            `${name}: without ${missing.join(', ')}`,
            'annotate it with anything, so that it is discovered again',
          ),
        ]
      : []),
    ...(ignoring.length > 0
      ? [
          say.error(
            `${name}: failurePolicy Ignore of ${ignoring.join(', ')} takes errors for done`,
            'set Fail',
          ),
        ]
      : []),
  ];
}

/** Cluster API takes one extension for each of these hooks. */
function rivals(ours: JsonObject, all: readonly JsonObject[]): Finding[] {
  const say = findingsOf('ExtensionConfig');
  return all
    .filter(
      (config) =>
        config !== ours && handlersOf(config).some(({ hook }) => HOOKS.some((row) => row.hook === hook)),
    )
    .map((config) =>
      say.error(
        `${nameOf(config)} answers in-place hooks too`,
        'remove one of them: with two Cluster API updates nothing',
      ),
    );
}

function handlersOf(config: JsonObject): { name: string; hook: string; failurePolicy: string }[] {
  return list(config, 'status', 'handlers').map((handler) => ({
    name: text(handler, 'name') ?? '',
    hook: text(handler, 'requestHook', 'hook') ?? '',
    failurePolicy: text(handler, 'failurePolicy') ?? '',
  }));
}

function nameOf(object: JsonObject): string {
  return text(object, 'metadata', 'name') ?? '';
}
