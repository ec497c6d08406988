import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FolderLayout } from './folder.ts';
import { NAMESPACE } from './namespaces.ts';

export interface UsageInput {
  /** That it took to start. */
  seconds: number;
  layout: FolderLayout;
  /** How a path is shown. */
  shown: (file: string) => string;
  /** Given: there is none on PATH. */
  kubectl: string | undefined;
}

/** Also for whoever goes to another folder afterwards. */
function absolute(file: string): string {
  return path.isAbsolute(file) ? file : `$PWD/${file}`;
}

const EXAMPLE = fileURLToPath(new URL('example.yaml', import.meta.url));

/** What a person does first; lines fit 80 columns as far as paths allow. */
export function usage({ seconds, layout, shown, kubectl }: UsageInput): string {
  const logs = shown(layout.logs);
  return `
The lab is ready after ${seconds} s.

  export KUBECONFIG=${absolute(shown(layout.kubeconfig))}
${kubectl === undefined ? '' : `  alias kubectl=${kubectl}\n`}
A Cluster of three control planes and two workers, in memory (1 minute):
  kubectl apply -f ${shown(EXAMPLE)}
  kubectl -n ${NAMESPACE} get machines -w

Upgrade its control plane, then its workers. The Machines stay:
  kubectl -n ${NAMESPACE} patch kcp example --type merge \\
    -p '{"spec":{"version":"v1.34.3"}}'
  kubectl -n ${NAMESPACE} patch md example --type merge \\
    -p '{"spec":{"template":{"spec":{"version":"v1.34.3"}}}}'

Watch:
  kubectl -n ${NAMESPACE} get machines,workflows
  kubectl -n ${NAMESPACE} get events -w
  kubectl -n ${NAMESPACE} get machine NAME -o jsonpath='{range
    .status.conditions[?(@.type=="Updating")]}{.message}{"\\n"}{end}'

Logs: ${logs}/refit.log and, beside it, one for
each process. Stop: npm run lab:stop`;
}
