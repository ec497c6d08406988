/** The server: its namespace, and the name of everything there that exists once. */
export const SERVER_NAMESPACE = 'capi-refit-system';
export const SERVER = 'capi-refit-server';
export const SERVER_PORT = 9443;
/** Admission and requests for external upgrades: other callers than those of the hooks. */
export const EXTERNAL_PORT = 9444;
export const EXTERNAL_SERVICE_PORT = 8443;
export const SERVING_SECRET = `${SERVER}-tls`;
export const POLICY_CONFIG_MAP = 'refit-policy';
export const POLICY_KEY = 'policy.yaml';

export const serverLabels = { 'app.kubernetes.io/name': SERVER };
