// Claim or uncovered: the verdict on each difference.
import type { CanUpdateRequest, HookObject } from '../api/hooks.ts';
import { member, pointer, type JsonValue } from '../api/json.ts';
import type { Policy } from '../api/policy.ts';
import type { Role } from '../api/steps.ts';
import { isAboveApiServer, versionRefusal } from '../api/version.ts';
import { BOOTSTRAP_RECIPES, above, type Recipe, type Ruling } from './claim-rules.ts';
import { uncovered, type Claim, type Subject } from './claim.ts';
import type { Key } from './entry-names.ts';
import type { FieldDifference } from './differences.ts';
import { claimFile, claimKubeletArgument } from './entry-claims.ts';
import { groupOf, objectPairs, roleOf, rootValue } from './objects.ts';
import type { Facts } from './types.ts';

export interface ClaimContext {
  role: Role;
  policy: Policy;
  facts: Facts;
  /** Of the bootstrap kind; or why there is none. */
  recipe: Recipe | { refusal: string };
  /** Kind of the infrastructure machine, without Template. */
  infrastructureKind: string;
  /** Where kubeadm is told to look for patches. */
  patchesDirectory?: string;
}

export function claimContext(request: CanUpdateRequest, policy: Policy, facts: Facts): ClaimContext {
  const pairs = objectPairs(request);
  const [bootstrap, infrastructure] = (['bootstrap', 'infrastructure'] as const).map((part) =>
    pairs.find((pair) => pair.part === part),
  );
  const config = bootstrap?.to;
  const directory = ['joinConfiguration', 'patches', 'directory'].reduce<JsonValue | undefined>(
    member,
    rootValue(config, bootstrap?.root ?? []),
  );
  return {
    role: roleOf(request),
    policy,
    facts,
    recipe: recipeOf(config) ?? { refusal: noRecipe(config) },
    infrastructureKind: infrastructure?.to?.kind.replace(/Template$/, '') ?? '',
    ...(typeof directory === 'string' ? { patchesDirectory: directory } : {}),
  };
}

/** How the configuration of that kind is brought to a node; undefined: not at all. */
export function recipeOf(config: HookObject | undefined): Recipe | undefined {
  if (!config) return undefined;
  const recipe = BOOTSTRAP_RECIPES.get(config.kind);
  return recipe?.group === groupOf(config) ? recipe : undefined;
}

function noRecipe(config: HookObject | undefined): string {
  return config
    ? `bootstrap kind ${config.kind} of ${config.apiVersion} has no recipe for updates in place`
    : 'without a bootstrapConfig there is no recipe for updates in place';
}

export function claimOf(difference: FieldDifference, context: ClaimContext): Claim {
  if (difference.path === '')
    return uncovered(`${difference.object} changes its kind, appears or disappears`);
  if ('refusal' in context.recipe) return uncovered(context.recipe.refusal);
  switch (difference.part) {
    case 'machine':
      return claimMachine(difference, context);
    case 'infrastructure':
      return claimInfrastructure(difference, context);
    case 'bootstrap':
      return claimBootstrap(difference, context, context.recipe);
  }
}

function claimMachine({ keys, path, from, to }: FieldDifference, { role, facts }: ClaimContext): Claim {
  if (keys[0] !== 'version' || typeof from !== 'string' || typeof to !== 'string') {
    return uncovered('a machine is not moved in place');
  }
  const refusal = versionRefusal(from, to, path);
  if (refusal !== undefined) return uncovered(refusal);
  const server = facts.apiServerVersion;
  if (role === 'worker' && server !== undefined && isAboveApiServer(to, server)) {
    return uncovered(`kubelet ${to} would be above the API server, ${server}`);
  }
  return {
    verdict: 'claimed',
    reason: 'same or next minor version',
    steps: ['prepull', 'kubeadm', 'kubelet'],
    subject: { kind: 'version', name: `${from} -> ${to}` },
  };
}

function claimInfrastructure({ keys }: FieldDifference, { policy, infrastructureKind }: ClaimContext): Claim {
  const field = pointer(keys);
  const { infrastructure } = policy.claims;
  const allowed = Object.hasOwn(infrastructure, infrastructureKind) ? infrastructure[infrastructureKind] : [];
  const pointerAbove = allowed?.find((prefix) => field === prefix || field.startsWith(`${prefix}/`));
  return pointerAbove === undefined
    ? uncovered(`not in policy.claims.infrastructure of ${infrastructureKind}`)
    : {
        verdict: 'claimed',
        reason: `policy.claims.infrastructure of ${infrastructureKind} allows ${pointerAbove}`,
        steps: [],
        subject: fields(field),
      };
}

function claimBootstrap(difference: FieldDifference, context: ClaimContext, recipe: Recipe): Claim {
  const { keys, from, to, entry, order } = difference;
  const field = pointer(context.role === 'control-plane' ? asJoined(keys) : keys);
  const ruled = rulingOn(field, recipe.rulings[context.role]);
  const isEmptied = !entry && isEmpty(from) && isEmpty(to);
  if (!ruled) {
    return isEmptied && recipe.containers.has(field)
      ? noWork(EMPTIED, field)
      : uncovered('no rule for this field');
  }
  const { ruling, at } = ruled;
  switch (ruling.verdict) {
    case 'uncovered':
      return ruling;
    case 'claimed':
      return { ...ruling, subject: fields(at) };
    case 'by entry':
      if (isEmptied) return noWork(EMPTIED, field);
      if (!entry && !order) return uncovered('not a list of objects');
      if (ruling.entry === 'kubelet argument') return claimKubeletArgument(difference);
      if (order) return noWork('only the order of the files', field);
      return claimFile(difference, {
        allowed: context.policy.claims.files,
        ...(context.patchesDirectory === undefined ? {} : { patchesDirectory: context.patchesDirectory }),
      });
  }
}

const EMPTIED = 'empty before and after: nothing to apply';

/** The deepest ruling on the field or what holds it. */
function rulingOn(
  field: string,
  rulings: ReadonlyMap<string, Ruling>,
): { ruling: Ruling; at: string } | undefined {
  for (let at = field; at !== ''; at = above(at)) {
    const ruling = rulings.get(at);
    if (ruling) return { ruling, at };
  }
  return undefined;
}

/** The first control-plane machine was made by `kubeadm init`; what it was given is judged as of one that joined. */
function asJoined(keys: readonly Key[]): readonly Key[] {
  if (keys[0] !== 'initConfiguration') return keys;
  const rest = keys.slice(1);
  return ['joinConfiguration', ...(rest[0] === 'localAPIEndpoint' ? ['controlPlane', ...rest] : rest)];
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function noWork(reason: string, field: string): Claim {
  return { verdict: 'claimed', reason, steps: [], subject: fields(field) };
}

/** `clusterConfiguration.etcd.local.imageTag` */
function fields(field: string): Subject {
  return { kind: 'fields', name: field.slice(1).replaceAll('/', '.') };
}
