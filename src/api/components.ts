// components.json: what an upgrader image holds. Written when the image is made, checked on the node.
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const COMPONENTS = ['kubernetes', 'containerd', 'cni'] as const;

export const componentsSchema = z.strictObject({
  version: z.literal(1),
  /** As Go names it. */
  architecture: z.enum(['amd64', 'arm64']),
  /** Like v1.34.3. */
  kubernetes: z.string(),
  containerd: z.string().optional(),
  cni: z.string().optional(),
  files: z
    .array(
      z.strictObject({
        component: z.enum(COMPONENTS),
        /** Base name: kubeadm, kubelet, kubectl; containerd, containerd-shim-runc-v2, ctr, runc, ...; bridge, loopback, ... */
        name: z.string().regex(/^[A-Za-z0-9][-._A-Za-z0-9]*$/),
        size: z.int().min(1),
        sha256,
      }),
    )
    .min(1),
});

export type Components = z.infer<typeof componentsSchema>;
export type Component = (typeof COMPONENTS)[number];

/** Beside the binaries, which lie at `<component>/<name>`. */
export const COMPONENTS_FILE = 'components.json';
