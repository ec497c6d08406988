// On which file system a path lies.
import type { Host } from '../host/host.ts';

export interface Mount {
  point: string;
  isReadOnly: boolean;
}

/** In the order of mounting. Errors: StatusError Failed. */
export async function readMounts(host: Host): Promise<readonly Mount[]> {
  return parseMounts((await host.files.read('/proc/self/mounts'))?.toString() ?? '');
}

export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line): Mount[] => {
    const [, point, , options] = line.split(' ');
    if (point === undefined || options === undefined) return [];
    return [{ point: unescape(point), isReadOnly: options.split(',').includes('ro') }];
  });
}

/** What was mounted last lies on top. `path` without links. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  const isAbove = ({ point }: Mount): boolean =>
    point === '/' || path === point || path.startsWith(`${point}/`);
  return mounts
    .filter(isAbove)
    .reduce<Mount | undefined>(
      (best, mount) => (best && best.point.length > mount.point.length ? best : mount),
      undefined,
    );
}

/** Blanks and the like are octal there. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
