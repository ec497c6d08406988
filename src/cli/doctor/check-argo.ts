// Argo Workflows: version, full CRDs, settings that would refuse or overlook our Workflows, our step templates. Pure.
import { parse } from 'yaml';
import type { JsonObject } from '../../api/json.ts';
import { stepTemplatesName } from '../../generators/names.ts';
import { at, list, text } from '../../kubernetes/fields.ts';
import { programs, type Program } from './deployments.ts';
import { known, type Check, type DoctorFacts } from './facts.ts';
import { findingsOf, type Finding } from './finding.ts';

export const ARGO_CONTROLLER = 'workflow-controller';
const OLDEST = '4.0.0';
const say = findingsOf('Argo Workflows');

export const checkArgo: Check = (facts) => {
  const { deployments, workflowDefinition, argoConfig } = facts;
  if ('unknown' in deployments) return [say.unknown(deployments.unknown)];
  const [controller] = programs(deployments.found, ARGO_CONTROLLER);
  const definition = known(workflowDefinition);
  const found = [
    ...(controller
      ? controllerProblems(controller, facts)
      : [say.unknown('no Deployment here runs workflow-controller', 'look at it where it runs')]),
    ...[workflowDefinition, argoConfig].flatMap((looked) =>
      'unknown' in looked ? [say.unknown(looked.unknown)] : [],
    ),
    ...(definition && !isFull(definition)
      ? [
          say.error(
            'minimal CRDs: a badly typed Workflow stops the controller for good',
            "install Argo's full CRDs",
          ),
        ]
      : []),
    ...settings(facts),
  ];
  if (found.length > 0 || !controller) return found;
  return [say.ok(`v${controller.version?.version ?? '?'}, full CRDs`)];
};

function controllerProblems(controller: Program, { namespaces }: DoctorFacts): Finding[] {
  const { version, where, image, available, args } = controller;
  const others = namespaces.map(({ name }) => name).filter((name) => !sees(controller, name));
  return [
    ...(version
      ? []
      : [
          say.warning(`${where}: image ${image} tells no version`, `make sure that it is ${OLDEST} or newer`),
        ]),
    ...(version && version.compare(OLDEST) < 0
      ? [say.error(`${where}: v${version.version}, too old`, `upgrade to ${OLDEST} or newer`)]
      : []),
    ...(available === 0
      ? [say.error(`${where}: not available`, `kubectl -n ${controller.namespace} describe pods`)]
      : []),
    ...(args.includes('--namespaced') && others.length > 0
      ? [
          say.error(
            `${where} --namespaced does not look at ${others.join(', ')}`,
            'run it for all namespaces, or one in each',
          ),
        ]
      : []),
  ];
}

function sees({ args, namespace }: Program, name: string): boolean {
  const managed = args.find((arg) => arg.startsWith('--managed-namespace='))?.split('=')[1];
  return name === (managed ?? namespace);
}

/** The minimal definitions know no field of the spec. */
function isFull(definition: JsonObject): boolean {
  const [version] = list(definition, 'spec', 'versions');
  return (
    at(version, 'schema', 'openAPIV3Schema', 'properties', 'spec', 'properties', 'templates') !== undefined
  );
}

function settings({ argoConfig }: DoctorFacts): Finding[] {
  const configMap = known(argoConfig);
  if (configMap === undefined) return [];
  const value = (key: string): unknown =>
    at(parsed(text(configMap, 'data', 'config')), key) ?? parsed(text(configMap, 'data', key));
  const restriction = at(value('workflowRestrictions') as JsonObject | undefined, 'templateReferencing');
  return [
    ...(value('instanceID')
      ? [
          say.error(
            'its instanceID makes the controller overlook our Workflows',
            'remove instanceID, or use another controller',
          ),
        ]
      : []),
    ...(restriction === undefined
      ? []
      : [
          say.error(
            `workflowRestrictions ${JSON.stringify(restriction)} refuses our Workflows`,
            'remove templateReferencing',
          ),
        ]),
  ];
}

function parsed(yaml: string | undefined): JsonObject | undefined {
  try {
    return (parse(yaml ?? '') ?? undefined) as JsonObject | undefined;
  } catch {
    return undefined;
  }
}

export const checkStepTemplates: Check = ({ stepTemplates, version }) => {
  const { ok, error, unknown } = findingsOf('step templates');
  if ('unknown' in stepTemplates) return [unknown(stepTemplates.unknown)];
  const name = stepTemplatesName(version);
  return stepTemplates.found.includes(name)
    ? [ok(name)]
    : [error(`ClusterWorkflowTemplate ${name} is not there`, 'kubectl apply -f dist/refit-steps.k8s.yaml')];
};
