// Desired configurations for tests.
import type { DesiredConfiguration, DesiredFile } from '../../../src/api/desired-configuration.ts';

export function desiredFile(path: string, content: string): DesiredFile {
  return { path, owner: 'root:root', permissions: '0644', content: Buffer.from(content).toString('base64') };
}

export function desiredConfiguration(change: Partial<DesiredConfiguration> = {}): DesiredConfiguration {
  return {
    version: 1,
    files: [],
    kubeletExtraArgs: [{ name: 'node-ip', value: '172.30.0.11' }],
    ignorePreflightErrors: [],
    certSANs: [],
    ...change,
  };
}
