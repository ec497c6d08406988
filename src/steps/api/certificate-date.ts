import { CERTIFICATES_EXPIRY_ANNOTATION } from '../../api/labels.ts';
import { text, texts } from '../../kubernetes/fields.ts';
import { orAbsent } from './absent.ts';
import type { ApiStepContext } from './api-step.ts';
import { change } from './change.ts';
import { kubeadmConfigPath } from './paths.ts';

/**
 * kubeadm has renewed the certificates. The control-plane provider looks for their date only when it knows none, and
 * replaces the Machine when the old one comes near. True: it was there.
 */
export async function forgetCertificateDate({
  management,
  machine,
  flags,
}: ApiStepContext): Promise<boolean> {
  const kind = text(machine, 'spec', 'bootstrap', 'configRef', 'kind');
  const name = text(machine, 'spec', 'bootstrap', 'configRef', 'name');
  if (kind !== 'KubeadmConfig' || name === undefined) return false;
  const forgotten = change(management, kubeadmConfigPath(flags.namespace, name), (config) =>
    CERTIFICATES_EXPIRY_ANNOTATION in texts(config, 'metadata', 'annotations')
      ? { annotations: { [CERTIFICATES_EXPIRY_ANNOTATION]: null } }
      : undefined,
  );
  return (await orAbsent(forgotten)) ?? false;
}
