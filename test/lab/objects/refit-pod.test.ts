import { expect, it } from '@jest/globals';
import { refitManifests } from './refit.ts';
import { refitPod } from './refit-pod.ts';

const { objects } = refitManifests();

it("has every file that the server's arguments name", () => {
  const pod = refitPod(objects);
  const inSecrets = { 'capi-refit-server-tls': ['tls.crt', 'tls.key'], 'capi-client-ca': ['ca.crt'] };
  const files = [
    ...Object.entries(pod.configMaps).flatMap(([folder, content]) =>
      Object.keys(content).map((name) => `${folder}/${name}`),
    ),
    ...Object.entries(inSecrets).flatMap(([secret, names]) =>
      names.map((name) => `${pod.secrets[secret]}/${name}`),
    ),
  ];
  const named = pod.args.map((arg) => arg.split('=')[1] ?? '').filter((value) => value.startsWith('/'));
  expect(named.sort()).toEqual(files.sort());
});

it('names what is missing', () => {
  const without = objects.filter(({ kind }) => kind !== 'ConfigMap');
  expect(() => refitPod(without)).toThrow('our manifests: got no ConfigMap refit-policy, expected one');
});
