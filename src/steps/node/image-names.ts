// Names of images, as kubeadm makes them: <repository>/<name>:<tag>. Pure.

const DEFAULT_REPOSITORY = 'registry.k8s.io';

interface ImageName {
  repository: string;
  name: string;
  /** undefined: it has none. */
  tag: string | undefined;
}

/** `registry:5000/k8s/etcd:3.6.5-0@sha256:...` is registry:5000/k8s, etcd, 3.6.5-0. */
export function parseImage(image: string): ImageName {
  const [withoutDigest = ''] = image.split('@');
  const [, repository = '', name = '', tag] = /^(?:(.*)\/)?([^/:]*)(?::([^/:]+))?$/.exec(withoutDigest) ?? [];
  return { repository, name, tag };
}

/** As runtimes call it: a first part that is no host means Docker's registry. */
export function fullName(image: string): string {
  const [first = '', ...more] = image.split('/');
  if (more.length === 0) return `docker.io/library/${image}`;
  return /[.:]/.test(first) || first === 'localhost' ? image : `docker.io/${image}`;
}

/** Where an image of this name came from; one that is not the default was chosen by somebody. undefined: no such image. */
export function repositoryOf(images: Iterable<string>, name: string): string | undefined {
  const found = [...images]
    .map(parseImage)
    .filter((image) => image.name === name && image.tag !== undefined)
    .map(({ repository }) => repository);
  return found.find((repository) => repository !== DEFAULT_REPOSITORY) ?? found[0];
}
