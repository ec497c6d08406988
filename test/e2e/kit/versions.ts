// Between which versions the nodes go: those of the tools that the images are made of.
import { recipe } from '../../tools/catalog.ts';

export const OLD = recipe('kubeadm-1.33').version;
export const NEW = recipe('kubeadm').version;
