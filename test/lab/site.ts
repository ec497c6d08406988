// What the parts of a lab must know of each other before any of them runs: places, ports, who signs for whom.
import path from 'node:path';
import { createSettings, type Settings } from '../apiserver/components.ts';
import { freePorts, type HeldPort, holdPort } from '../apiserver/free-ports.ts';
import { createAuthority, secretFiles, writeMounted } from './certificates.ts';
import type { FolderLayout } from './folder.ts';
import { type Provider, PROVIDERS } from './objects/providers.ts';

export interface ManagerPorts {
  webhooks: number;
  health: number;
  diagnostics: number;
}

export interface LabSite {
  layout: FolderLayout;
  /** Of the API server. */
  settings: Settings;
  ports: {
    controllerManager: number;
    refit: number;
    /** Refit's second one: admission, and requests for external upgrades. */
    external: number;
    recorder: number;
    managers: Record<Provider['name'], ManagerPorts>;
  };
  /** To be released before the dev infrastructure provider starts. */
  infrastructurePort: HeldPort;
  /** tls.crt, tls.key, ca.crt for 127.0.0.1: of every server that is not Refit. */
  servingFolder: string;
  /** PEM: who signed those. */
  servingCa: string;
  /** tls.crt, tls.key: with these the managers call Refit. */
  hookClientFolder: string;
  /** Refit's mounted volumes. */
  refitFolder: string;
}

/** The dev infrastructure provider takes it and cannot be told otherwise. */
const FIXED_PORT = 19_000;

/** In a folder that is there. Errors: too few free ports, another lab on this machine. */
export async function createSite(layout: FolderLayout): Promise<LabSite> {
  const infrastructurePort = await holdPort(FIXED_PORT);
  if (!infrastructurePort) {
    throw new Error(
      `port ${FIXED_PORT}: taken, and the dev infrastructure provider cannot use another one. ` +
        'Is there another lab on this machine? test/lab/README.md says how to run two.',
    );
  }
  const ports = await freePorts(5 + 3 * PROVIDERS.length);
  const [api = 0, controllerManager = 0, refit = 0, external = 0, recorder = 0, ...others] = ports;
  const managers = Object.fromEntries(
    PROVIDERS.map(({ name }, index) => {
      const [webhooks = 0, health = 0, diagnostics = 0] = others.slice(3 * index);
      return [name, { webhooks, health, diagnostics }];
    }),
  ) as Record<Provider['name'], ManagerPorts>;

  const servingFolder = path.join(layout.data, 'serving');
  const serving = await (await createAuthority('refit-lab-ca'))('refit-lab', 'server');
  writeMounted(servingFolder, secretFiles(serving));
  return {
    layout,
    settings: createSettings(layout.data, api),
    infrastructurePort,
    ports: { controllerManager, refit, external, recorder, managers },
    servingFolder,
    servingCa: serving.ca,
    hookClientFolder: path.join(layout.data, 'hook-client'),
    refitFolder: path.join(layout.data, 'refit'),
  };
}
