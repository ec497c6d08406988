// Policy and image map as ConfigMaps.
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { stringify } from 'yaml';
import { badInput } from '../api/errors.ts';
import { IMAGE_MAP_CONFIG_MAP, IMAGE_MAP_KEY } from '../api/install.ts';
import { IMAGE_BY_DIGEST, parsePolicy } from '../api/policy.ts';
import { POLICY_CONFIG_MAP, POLICY_KEY, SERVER_NAMESPACE } from './names.ts';
import type { Values } from './values.ts';

/** What types cannot say. Errors: BadInput naming every bad key of the policy, or the image. */
export function checkValues({ image, policy, imageMap }: Values): void {
  if (!IMAGE_BY_DIGEST.test(image)) {
    throw badInput('values.image', image, 'an image by digest, like registry.example.com/refit@sha256:...');
  }
  parsePolicy({ ...policy, imageMap }, 'values.policy');
}

export function policyConfigMap(scope: Construct, { policy }: Values): void {
  new k8s.KubeConfigMap(scope, 'policy', {
    metadata: { name: POLICY_CONFIG_MAP, namespace: SERVER_NAMESPACE },
    data: { [POLICY_KEY]: stringify(policy) },
  });
}

/** The same map for the server, which plans with it, and for step pods, which take images from it. */
export function imageMapConfigMap(scope: Construct, namespace: string, { imageMap }: Values): void {
  new k8s.KubeConfigMap(scope, 'image-map', {
    metadata: { name: IMAGE_MAP_CONFIG_MAP, namespace },
    data: { [IMAGE_MAP_KEY]: stringify(imageMap) },
  });
}
