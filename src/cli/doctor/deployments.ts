// What Deployments say about the programs that they run. Pure.
import semver, { type SemVer } from 'semver';
import type { JsonObject } from '../../api/json.ts';
import { list, text, texts } from '../../kubernetes/fields.ts';

export interface Program {
  /** `Deployment namespace/name` */
  where: string;
  namespace: string;
  image: string;
  /** Of the image's tag; undefined when it has none, or is not a version. */
  version?: SemVer;
  args: readonly string[];
  replicas: number;
  available: number;
  labels: Readonly<Record<string, string>>;
}

/** Those with a container whose image or command has that name. */
export function programs(deployments: readonly JsonObject[], name: string): Program[] {
  return deployments.flatMap((deployment) => {
    const containers = list(deployment, 'spec', 'template', 'spec', 'containers');
    const container = containers.find(
      (each) => imageName(text(each, 'image') ?? '') === name || textsOf(each, 'command').includes(name),
    );
    return container === undefined ? [] : [program(deployment, container as JsonObject)];
  });
}

/** `--feature-gates=A=true,B=false` */
export function hasGate({ args }: Program, gate: string): boolean {
  const flag = args.find((arg) => arg.startsWith('--feature-gates='));
  return flag?.slice('--feature-gates='.length).split(',').includes(`${gate}=true`) ?? false;
}

function program(deployment: JsonObject, container: JsonObject): Program {
  const namespace = text(deployment, 'metadata', 'namespace') ?? '';
  const image = text(container, 'image') ?? '';
  const version = semver.parse(/:v?(\d[^:@/]*)(@|$)/.exec(image)?.[1]);
  const { spec, status } = deployment as {
    spec?: { replicas?: number };
    status?: { availableReplicas?: number };
  };
  return {
    where: `Deployment ${namespace}/${text(deployment, 'metadata', 'name') ?? ''}`,
    namespace,
    image,
    ...(version === null ? {} : { version }),
    args: [...textsOf(container, 'command'), ...textsOf(container, 'args')],
    replicas: spec?.replicas ?? 1,
    available: status?.availableReplicas ?? 0,
    labels: texts(deployment, 'metadata', 'labels'),
  };
}

/** `registry/path/NAME:tag@sha256:...` */
function imageName(image: string): string {
  return /([^/:@]+)(:[^/@]*)?(@.*)?$/.exec(image)?.[1] ?? '';
}

function textsOf(container: unknown, key: string): string[] {
  return list(container as JsonObject, key).filter((item): item is string => typeof item === 'string');
}
