// The one table of Runtime Hooks: discovery and routing both come from it.
import { HOOKS_API_VERSION, type HookName, type HookResponse } from '../api/hooks.ts';

export type Handle = (body: unknown) => Promise<HookResponse>;

export interface Handlers {
  canUpdateMachine: Handle;
  canUpdateMachineSet: Handle;
  updateMachine: Handle;
}

interface HookRow {
  hook: Exclude<HookName, 'Discovery'>;
  /** DNS-1123 label, last part of the path. */
  handler: string;
  handle: keyof Handlers;
}

/** Only hooks that CAPI 1.12 knows: one unknown hook fails the whole discovery. */
export const HOOKS: readonly HookRow[] = [
  { hook: 'CanUpdateMachine', handler: 'can-update-machine', handle: 'canUpdateMachine' },
  { hook: 'CanUpdateMachineSet', handler: 'can-update-machineset', handle: 'canUpdateMachineSet' },
  { hook: 'UpdateMachine', handler: 'update-machine', handle: 'updateMachine' },
];

/** CAPI allows 1 to 30; we answer within REQUEST_TIMEOUT_SECONDS (server.ts). */
const TIMEOUT_SECONDS = 10;

export const DISCOVERY_PATH = `/${HOOKS_API_VERSION}/discovery`;

export function hookPath({ hook, handler }: HookRow): string {
  return `/${HOOKS_API_VERSION}/${hook.toLowerCase()}/${handler}`;
}

export function discoveryResponse() {
  return {
    apiVersion: HOOKS_API_VERSION,
    kind: 'DiscoveryResponse',
    status: 'Success',
    handlers: HOOKS.map(({ hook, handler }) => ({
      name: handler,
      requestHook: { apiVersion: HOOKS_API_VERSION, hook },
      timeoutSeconds: TIMEOUT_SECONDS,
      // Ignore would turn every error into "no patches" or "update done".
      failurePolicy: 'Fail',
    })),
  } as const satisfies HookResponse & { handlers: unknown };
}
