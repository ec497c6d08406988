import { z } from 'zod';
import { StatusError } from './errors.ts';
import { CONTROL_PLANE_METHODS } from './host-plan.ts';
import { policyProblems } from './policy-problems.ts';
import { STEPS } from './steps.ts';
import { parseVersion } from './version.ts';

const seconds = z.int().min(1).max(86_400);
const absolutePath = z.string().regex(/^\/[^\0]*$/, 'an absolute path');
const version = z
  .string()
  .regex(/^v\d\S*$/, 'a version like v1.34.3')
  .refine(isVersion, 'a version like v1.34.3');
const looseVersion = z.string().regex(/^v?\d+\.\d+\.\d+[-+.0-9A-Za-z]*$/, 'a version like 2.1.4');
/** Nothing privileged runs from a tag: it can be moved. */
export const IMAGE_BY_DIGEST = /^[^\s@]+@sha256:[0-9a-f]{64}$/;
const imageByDigest = z
  .string()
  .regex(IMAGE_BY_DIGEST, 'an image by digest, like registry.example.com/refit/upgrader@sha256:...');

const release = z.strictObject({
  kubernetes: version.describe('Kubernetes version that the image holds, like v1.34.3'),
  containerd: looseVersion.optional().describe('containerd version; absent: containerd is left alone'),
  cni: looseVersion.optional().describe('CNI plugins version; absent: the plugins are left alone'),
  image: imageByDigest.describe('upgrader image, by digest'),
});

/** Release name -> what it holds. Several releases may share a Kubernetes version. */
export const imageMapSchema = z.record(
  z
    .string()
    .regex(
      /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/,
      'a release name like v1.34.3 (small letters, digits, dots and dashes)',
    ),
  release,
);

const timeouts = z
  .strictObject(
    Object.fromEntries(STEPS.map((row) => [row.name, seconds.default(row.timeoutSeconds)])) as Record<
      (typeof STEPS)[number]['name'],
      z.ZodDefault<typeof seconds>
    >,
  )
  .prefault({});

export const policySchema = z.strictObject({
  onUncovered: z
    .enum(['block', 'replace'])
    .default('block')
    .describe(
      'a difference that cannot be applied in place: `block` keeps the machine; `replace` lets Cluster API replace it',
    ),
  claims: z
    .strictObject({
      files: z
        .array(absolutePath)
        .default([
          '/etc/kubernetes/',
          '/etc/sysctl.d/',
          '/etc/systemd/system/kubelet.service.d/',
          '/etc/containerd/',
        ])
        .describe('files under these folders are written in place'),
      infrastructure: z
        .record(z.string(), z.array(z.string().regex(/^\//, 'a JSON pointer like /image')))
        .default({})
        .describe('kind -> JSON pointers below the spec that may change with no work on the node'),
    })
    .prefault({}),
  drain: z
    .enum(['auto', 'always', 'never'])
    .default('auto')
    .describe('`auto`: before steps that disturb the node; `always`; `never`'),
  drainForce: z
    .boolean()
    .default(false)
    .describe(
      '`true`: pods that cannot be evicted in time are deleted, whatever their PodDisruptionBudget says',
    ),
  untestedHosts: z
    .enum(['refuse', 'allow'])
    .default('refuse')
    .describe('`allow`: also hosts that are not laid out like Debian or Ubuntu'),
  controlPlane: z
    .strictObject({
      method: z
        .enum(CONTROL_PLANE_METHODS)
        .default('auto')
        .describe(
          'how the static pods of a control plane are moved: `kubeadm` one after the other; `flip` all at once, if nobody has edited them; `auto` as `flip` on the only control-plane node, else as `kubeadm`',
        ),
    })
    .prefault({}),
  keepBackups: z
    .int()
    .min(0)
    .max(20)
    .default(2)
    .describe('backups kept on a node besides the one of the running operation'),
  workers: z
    .strictObject({
      concurrency: z.int().min(1).max(100).default(1).describe('workers of a Cluster at once'),
    })
    .prefault({}),
  timeouts: timeouts.describe('seconds for the work of a step'),
  settleSeconds: z
    .number()
    .min(0)
    .max(60)
    .default(3)
    .describe('how long a MachineDeployment must be unchanged, and a Machine not be updated'),
  protectSeconds: seconds.default(7200).describe('longest time that remediation and deletion are held back'),
  retentionSeconds: z.int().min(60).default(86_400).describe('how long a Workflow that ended well is kept'),
  imageMap: imageMapSchema
    .optional()
    .describe('release -> `kubernetes`, `containerd`, `cni`, `image` (by digest); in a ConfigMap of its own'),
});

export type Policy = z.infer<typeof policySchema>;
export type Release = z.infer<typeof release>;
export type ImageMap = z.infer<typeof imageMapSchema>;

/** Errors: BadInput naming every bad key at once. */
export function parsePolicy(value: unknown, source = 'policy'): Policy {
  const parsed = policySchema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw new StatusError(policyProblems(parsed.error, value, source).join('; '), {
    reason: 'BadInput',
    cause: parsed.error,
  });
}

/** The releases that hold a Kubernetes version, by name; undefined when there is no image map to look in. */
export function releasesOf(
  policy: Pick<Policy, 'imageMap'>,
  kubernetes: string,
): (Release & { name: string })[] | undefined {
  if (policy.imageMap === undefined) return undefined;
  return Object.entries(policy.imageMap)
    .map(([name, value]) => ({ name, ...value }))
    .filter((candidate) => candidate.kubernetes === kubernetes)
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function isVersion(value: string): boolean {
  try {
    parseVersion(value, 'version');
    return true;
  } catch {
    return false;
  }
}
