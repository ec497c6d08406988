import { isIPv6 } from 'node:net';

/** An address or a name, as it stands in a URL. */
export function urlHost(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}
