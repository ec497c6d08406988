// One flip of a node's control plane: what moves, and how far it has come. What lies on disk alone says that.
import { z } from 'zod';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { STATIC_PODS } from '../static-pods.ts';
import { flippedFile, intentFile, wentBackFile } from './flip-folder.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const flipSchema = z.strictObject({
  operation: z.string(),
  /** The new kubeadm, in its place. */
  kubeadm: z.string(),
  /** Of the API server: what it must say it is. `from` undefined: its image has no tag. */
  kubernetes: z.strictObject({ from: z.string().optional(), to: z.string() }),
  kubelet: z.strictObject({
    /** Links resolved. */
    path: z.string(),
    staged: z.string(),
    from: sha256,
    to: sha256,
  }),
  /** In the order in which they are put into place; those of this node only. */
  manifests: z.array(z.strictObject({ pod: z.enum(STATIC_PODS), from: sha256, to: sha256 })).min(1),
  /** So long the old API server goes on serving, not ready, after it was told to end. 0 where it is the only one. */
  shutdownDelaySeconds: z.number().min(0),
  /** kube-vip ends before the API server: another control plane takes its address at once, not when its lease is over. */
  handsOverAddress: z.boolean(),
  /** undefined: external. */
  etcd: z
    .strictObject({
      dataFolder: z.string(),
      minorChanges: z.boolean(),
      /** Only of a single member: the data of one of several must never be put back alone. */
      copies: z.boolean(),
      /** Restores the copy; there if `copies`. `from`: in the file system of the container that runs the old etcd. */
      snapshotTool: z.strictObject({ from: z.string(), sha256 }).optional(),
    })
    .optional(),
});

const intentSchema = z.discriminatedUnion('direction', [
  z.strictObject({
    version: z.literal(1),
    direction: z.literal('forward'),
    at: z.string(),
    flip: flipSchema,
  }),
  z.strictObject({
    version: z.literal(1),
    direction: z.literal('back'),
    at: z.string(),
    flip: flipSchema,
    reason: z.string(),
    /** The new kubelet was started: new static pods may run. */
    started: z.boolean(),
    putsDataBack: z.boolean(),
  }),
]);

export type Flip = z.infer<typeof flipSchema>;
export type FlipIntent = z.infer<typeof intentSchema>;
export type BackIntent = Extract<FlipIntent, { direction: 'back' }>;

/** untouched: it has not begun, or nothing had been moved yet and the intent was taken away. */
export type FlipState =
  | { is: 'untouched' }
  | { is: 'under way'; intent: FlipIntent }
  | { is: 'flipped'; flip: Flip }
  | { is: 'back'; intent: BackIntent };

/** Errors: StatusError Failed for a record that cannot be read: nothing may be done then, and no kubelet be started. */
export async function readFlipState(host: Host, operation: string): Promise<FlipState> {
  const wentBack = await readIntent(host, wentBackFile(operation));
  if (wentBack?.direction === 'back') return { is: 'back', intent: wentBack };
  const intent = await readIntent(host, intentFile(operation));
  if (intent) return { is: 'under way', intent };
  const flipped = await readIntent(host, flippedFile(operation));
  return flipped ? { is: 'flipped', flip: flipped.flip } : { is: 'untouched' };
}

export async function isFlipBegun(host: Host, operation: string): Promise<boolean> {
  return (await readFlipState(host, operation)).is !== 'untouched';
}

export async function writeIntent(host: Host, intent: FlipIntent): Promise<void> {
  const content = `${JSON.stringify(intentSchema.parse(intent), undefined, 2)}\n`;
  await host.files.write(intentFile(intent.flip.operation), content, { mode: 0o600 });
}

async function readIntent(host: Host, path: string): Promise<FlipIntent | undefined> {
  const content = await host.files.read(path);
  if (content === undefined) return undefined;
  try {
    return intentSchema.parse(JSON.parse(content.toString()));
  } catch (cause) {
    throw new StatusError(`${path}: got something else, expected an intent of this version`, {
      reason: 'Failed',
      cause,
    });
  }
}
