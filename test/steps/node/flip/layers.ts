// Layers of images as containerd unpacks them, and how a process's root names them.
export const LAYERS = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
export const CONTAINERD = `lowerdir=58/fs:57/fs,upperdir=${LAYERS}/90/fs,workdir=${LAYERS}/90/work,uuid=on`;

export const mountinfo = (options: string): string =>
  [
    '900 899 0:60 / /proc rw,nosuid - proc proc rw',
    `899 800 0:57 / / rw,relatime - overlay overlay rw,${options}`,
    '',
  ].join('\n');
