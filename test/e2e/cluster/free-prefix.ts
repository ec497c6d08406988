// A network for nodes that nothing on this machine uses.
import { run } from './command.ts';

/** First three bytes of it. Errors: there is none. */
export async function freePrefix(): Promise<string> {
  const routes = JSON.parse(await run('ip', '-json', '-4', 'route', 'show', 'table', 'all')) as Route[];
  return prefixBeside(routes.map(({ dst }) => dst));
}

interface Route {
  /** `default`, an address or a network. */
  dst: string;
}

/** Pure. Errors: there is none. */
export function prefixBeside(taken: readonly string[]): string {
  const networks = taken.filter((network) => network !== 'default');
  for (let third = 0; third < 256; third += 1) {
    const prefix = `172.30.${third}`;
    if (!networks.some((network) => overlap(network, `${prefix}.0/24`))) return prefix;
  }
  throw new Error('172.30.0.0/16: got no free /24, expected one for the nodes');
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [parsed(one), parsed(other)];
  const size = 2 ** (32 - Math.min(a.bits, b.bits));
  return Math.floor(a.address / size) === Math.floor(b.address / size);
}

function parsed(network: string): { address: number; bits: number } {
  const [address = '', bits = '32'] = network.split('/');
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return { address: number, bits: Number(bits) };
}
