// What the objects of one Machine must become so that Cluster API finds them up to date with their owner. Pure.
import { controlPlaneConfigPatch } from './control-plane-config.ts';
import { desiredHash } from './desired-hash.ts';
import { badInput } from './errors.ts';
import type { Ask, Reference } from './external-owner.ts';
import { at, text, texts } from './fields.ts';
import type { HookObject } from './hooks.ts';
import { isObject, type JsonObject } from './json.ts';
import { CLONED_FROM_KIND_ANNOTATION, CLONED_FROM_NAME_ANNOTATION } from './labels.ts';
import { applyMergePatch, mergePatchBetween } from './merge-patch.ts';

/** As they are in the API. */
export interface MachineSituation {
  machine: JsonObject;
  /** Absent when the Machine has none. */
  bootstrapConfig?: JsonObject;
  infrastructureMachine: JsonObject;
  templates: Templates;
}

/** spec.template.spec of the templates that the owner names, and of those that the Machine was made from, if still there. */
export interface Templates {
  infrastructure: TemplateSpecs;
  /** Of MachineDeployments. */
  bootstrap?: TemplateSpecs;
}

interface TemplateSpecs {
  to: JsonObject;
  from?: JsonObject;
}

/** Merge patches; empty: nothing to change. */
export interface MachinePatches {
  machine: JsonObject;
  bootstrapConfig: JsonObject;
  infrastructureMachine: JsonObject;
}

/** Errors: BadInput when something cannot be compared because a template is gone. */
export function machinePatches(ask: Ask, now: MachineSituation): MachinePatches {
  const { templates } = now;
  return {
    machine: mergePatchBetween(versionOf(now.machine), {
      spec: {
        version: ask.version,
        // A control plane never moves its Machines; where a worker should be is said by its owner.
        ...(ask.role === 'worker' && ask.failureDomain !== undefined
          ? { failureDomain: ask.failureDomain }
          : {}),
      },
    }),
    bootstrapConfig: now.bootstrapConfig ? bootstrapPatch(ask, now.bootstrapConfig, templates) : {},
    infrastructureMachine: clonedPatch(
      now.infrastructureMachine,
      ask.infrastructureTemplate,
      templates.infrastructure,
    ),
  };
}

/** The situation after the patches. */
export function patched(now: MachineSituation, patches: MachinePatches): MachineSituation {
  return {
    templates: now.templates,
    machine: applyMergePatch(now.machine, patches.machine),
    infrastructureMachine: applyMergePatch(now.infrastructureMachine, patches.infrastructureMachine),
    ...(now.bootstrapConfig
      ? { bootstrapConfig: applyMergePatch(now.bootstrapConfig, patches.bootstrapConfig) }
      : {}),
  };
}

/** Of what a step meets on a Machine, before and after. Only kinds and specs are hashed. */
export function situationHash({ machine, bootstrapConfig }: MachineSituation): string {
  const hashed = (object: JsonObject): HookObject => ({
    apiVersion: '',
    kind: text(object, 'kind') ?? '',
    metadata: { name: '', namespace: '', labels: {}, annotations: {} },
    spec: specOf(object),
  });
  const config = bootstrapConfig && { bootstrapConfig: hashed(bootstrapConfig) };
  return desiredHash({ hook: 'UpdateMachine', desired: { machine: hashed(machine), ...config } });
}

/** Would Cluster API leave the Machine alone? */
export function isUpToDate(ask: Ask, now: MachineSituation): boolean {
  return Object.values(machinePatches(ask, now)).every(
    (patch: JsonObject) => Object.keys(patch).length === 0,
  );
}

/** Does an object come from another template than the one that is asked for? CAPI ignores objects that do not say. */
function isFromOther(object: JsonObject, template: Reference): boolean {
  const annotations = texts(object, 'metadata', 'annotations');
  const [name, kind] = [annotations[CLONED_FROM_NAME_ANNOTATION], annotations[CLONED_FROM_KIND_ANNOTATION]];
  if (name === undefined || kind === undefined) return false;
  return name !== template.name || kind !== groupKindOf(template);
}

function versionOf(machine: JsonObject): JsonObject {
  const spec: JsonObject = {};
  for (const key of ['version', 'failureDomain']) {
    const value = text(machine, 'spec', key);
    if (value !== undefined) spec[key] = value;
  }
  return { spec };
}

function bootstrapPatch(ask: Ask, config: JsonObject, templates: Templates): JsonObject {
  if (ask.kubeadmConfigSpec)
    return controlPlaneConfigPatch(ask.kubeadmConfigSpec, ask.version, specOf(config));
  if (!ask.bootstrapTemplate || !templates.bootstrap) return {};
  return clonedPatch(config, ask.bootstrapTemplate, templates.bootstrap);
}

/** Only what differs between the two templates is brought to the object: its controller has filled other fields in. */
function clonedPatch(object: JsonObject, template: Reference, { from, to }: TemplateSpecs) {
  if (!isFromOther(object, template)) return {};
  const annotations = texts(object, 'metadata', 'annotations');
  const what = `${text(object, 'kind') ?? 'object'} ${text(object, 'metadata', 'name') ?? ''}`;
  const kind = annotations[CLONED_FROM_KIND_ANNOTATION];
  if (kind !== groupKindOf(template)) {
    throw badInput(`${what}: kind of its template`, groupKindOf(template), `${kind}, which it was made from`);
  }
  const before = annotations[CLONED_FROM_NAME_ANNOTATION] ?? '';
  if (!from) {
    throw badInput(
      `${what}: template ${before} that it was made from`,
      undefined,
      'to find it, to know what differs',
    );
  }
  const spec = mergePatchBetween(
    specOf(object),
    applyMergePatch(specOf(object), mergePatchBetween(from, to)),
  );
  return {
    metadata: {
      annotations: {
        [CLONED_FROM_NAME_ANNOTATION]: template.name,
        [CLONED_FROM_KIND_ANNOTATION]: groupKindOf(template),
      },
    },
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
  };
}

function specOf(object: JsonObject): JsonObject {
  const spec = at(object, 'spec');
  return isObject(spec) ? spec : {};
}

/** As CAPI writes it: `KubeadmConfigTemplate.bootstrap.cluster.x-k8s.io`. */
function groupKindOf({ apiGroup, kind }: Reference): string {
  return `${kind}.${apiGroup}`;
}
