export const PROCESSES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'capi-core',
  'capi-bootstrap',
  'capi-control-plane',
  'capi-infrastructure',
  'argo',
  'refit',
  'player',
] as const;

export type ProcessName = (typeof PROCESSES)[number];

/** What Argo is set to: 'fast' for short stories, 'defaults' as it comes, 'recommended' for large fleets. */
export const ARGO_SETTINGS = ['fast', 'defaults', 'recommended'] as const;
export type ArgoSettings = (typeof ARGO_SETTINGS)[number];

/** What a process is started with instead of what the lab was started with. */
export interface StartOptions {
  /** refit: its policy (src/api/policy.ts) without the image map. */
  policy?: object;
  argo?: ArgoSettings;
}

/** Of one process, since it was last started. */
export interface Usage {
  rssMiB: number;
  cpuSeconds: number;
}
