// The server's certificate by cert-manager, signed by a CA of its own: a renewal changes nothing for its clients.
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { SERVER, SERVER_NAMESPACE, SERVING_SECRET } from './names.ts';

const API_VERSION = 'cert-manager.io/v1';
const SELF_SIGNED = `${SERVER}-selfsigned`;
const CA = `${SERVER}-ca`;
const TEN_YEARS = '87600h';

export function certificate(scope: Construct): void {
  issuer(scope, SELF_SIGNED, { selfSigned: {} });
  signed(scope, CA, SELF_SIGNED, {
    isCA: true,
    commonName: CA,
    secretName: CA,
    duration: TEN_YEARS,
  });
  issuer(scope, CA, { ca: { secretName: CA } });
  signed(scope, SERVER, CA, {
    secretName: SERVING_SECRET,
    // CAPI asks for <service>.<namespace>.svc
    dnsNames: [`${SERVER}.${SERVER_NAMESPACE}.svc`, `${SERVER}.${SERVER_NAMESPACE}.svc.cluster.local`],
    usages: ['digital signature', 'server auth'],
    duration: '2160h',
    renewBefore: '720h',
  });
}

function issuer(scope: Construct, name: string, spec: object): void {
  new ApiObject(scope, `issuer-${name}`, {
    apiVersion: API_VERSION,
    kind: 'Issuer',
    metadata: { name, namespace: SERVER_NAMESPACE },
    spec,
  });
}

function signed(scope: Construct, name: string, by: string, spec: object): void {
  new ApiObject(scope, `certificate-${name}`, {
    apiVersion: API_VERSION,
    kind: 'Certificate',
    metadata: { name, namespace: SERVER_NAMESPACE },
    spec: {
      ...spec,
      issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: by },
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
    },
  });
}
