// Manifests that kubeadm has rendered for node-1 at 172.30.0.11, by version, and changes of them.
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Manifests } from '../../../../src/steps/node/flip/render-manifests.ts';
import { STATIC_PODS, type StaticPodName } from '../../../../src/steps/node/static-pods.ts';

export const OLD = 'v1.33.13';
export const NEW = 'v1.34.4';

export const recorded = (version: string, name: StaticPodName): Buffer =>
  readFileSync(new URL(`../../../fixtures/manifests/${version}/${name}.yaml`, import.meta.url));

export const allRecorded = (version: string): Manifests =>
  new Map(STATIC_PODS.map((name) => [name, recorded(version, name)]));

interface Container {
  image: string;
  command: string[];
  [field: string]: unknown;
}
export interface Pod {
  metadata: { annotations: Record<string, string> };
  spec: { containers: [Container, ...Container[]]; volumes: object[] };
}

/** As somebody with an editor leaves it. */
export function edited(content: Buffer, edit: (pod: Pod) => void): Buffer {
  const pod = parse(content.toString()) as Pod;
  edit(pod);
  return Buffer.from(stringify(pod));
}

export function withEdited(all: Manifests, name: StaticPodName, edit: (pod: Pod) => void): Manifests {
  return new Map([...all].map(([each, content]) => [each, each === name ? edited(content, edit) : content]));
}
