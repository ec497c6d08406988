// Nothing secret leaves in a decision or a plan, wherever it is planted.
import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '../../src/api/json.ts';
import { decideCanUpdate, planUpdate } from '../../src/plan/decide.ts';
import { canUpdate, NO_FACTS, policyOf, recorded, updateMachine, type Edit } from '../helpers/requests.ts';

const SECRET = 'hunter2-swordfish';
const LAST_APPLIED = 'kubectl.kubernetes.io~1last-applied-configuration';

const MACHINE = 'kcp-files-kubeletargs-etcdtag-certsans/01-canupdatemachine-refit-cp-2f546.json';
const SET = 'md-files-kubeletargs/01-canupdatemachineset-refit-md-0-6vz42.json';
const UPDATE = 'kcp-files-kubeletargs-etcdtag-certsans/02-updatemachine-refit-cp-2f546.json';

/** Places below the spec of a bootstrap configuration. */
const BOOTSTRAP: [string, JsonValue][] = [
  ['/files/0/content', SECRET],
  ['/files/-', { path: '/etc/kubernetes/a', content: SECRET }],
  ['/joinConfiguration/discovery', { bootstrapToken: { token: SECRET } }],
  ['/joinConfiguration/discovery', { tlsBootstrapToken: SECRET }],
  ['/initConfiguration/bootstrapTokens', [{ token: SECRET }]],
  ['/users/0/passwd', SECRET],
  ['/users/-', { name: 'b', passwd: SECRET }],
  ['/users/0/sshAuthorizedKeys', [SECRET]],
  ['/clusterConfiguration/apiServer/extraEnvs', [{ name: 'A', value: SECRET }]],
  ['/clusterConfiguration/apiServer/extraArgs', [{ name: 'token-auth', value: SECRET }]],
  ['/joinConfiguration/nodeRegistration/kubeletExtraArgs/-', { name: 'my-password', value: SECRET }],
  ['/bootCommands', [SECRET]],
  ['/preKubeadmCommands', [SECRET]],
  ['/postKubeadmCommands/0', `echo ${SECRET}`],
  ['/mounts', [['a', 'b', SECRET]]],
  ['/ignition', { containerLinuxConfig: { additionalConfig: SECRET } }],
  ['/unknownField', { deep: [{ deeper: SECRET }] }],
];
/** Places below the spec of an infrastructure machine. */
const INFRASTRUCTURE: [string, JsonValue][] = [
  ['/userData', SECRET],
  ['/credentials/login', SECRET],
  ['/cloudInit', `#cloud-config\n${SECRET}`],
  ['/document', `${SECRET}${'x'.repeat(200)}`],
];

function plantings(bootstrap: string, infrastructure: string, metadata: string): Edit[] {
  return [
    ...BOOTSTRAP.map(([field, value]): Edit => [`${bootstrap}${field}`, value]),
    ...INFRASTRUCTURE.map(([field, value]): Edit => [`${infrastructure}${field}`, value]),
    [`${metadata}/metadata/annotations/${LAST_APPLIED}`, SECRET],
  ];
}

const IN_MACHINE = plantings(
  '/desired/bootstrapConfig/spec',
  '/desired/infrastructureMachine/spec',
  '/desired/bootstrapConfig',
);
const IN_SET = plantings(
  '/desired/bootstrapConfigTemplate/spec/template/spec',
  '/desired/infrastructureMachineTemplate/spec/template/spec',
  '/desired/bootstrapConfigTemplate',
);

describe('a decision', () => {
  const rows: [string, ...Edit][] = [
    ...IN_MACHINE.map((edit): [string, ...Edit] => [MACHINE, ...edit]),
    ...IN_SET.map((edit): [string, ...Edit] => [SET, ...edit]),
  ];

  it.each(rows)('%s with %s', (path, pointer, value) => {
    const places = [pointer, pointer.replace('/desired', '/current')];
    for (const place of places) {
      for (const onUncovered of ['block', 'replace']) {
        const { differences, reason, steps } = decideCanUpdate(
          canUpdate(recorded(path, [place, value])),
          policyOf({ onUncovered }),
          NO_FACTS,
        );
        expect(JSON.stringify({ differences, reason, steps })).not.toContain(SECRET);
      }
    }
  });
});

describe('a plan', () => {
  it.each(IN_MACHINE)('with %s', (pointer, value) => {
    const plan = planUpdate(updateMachine(recorded(UPDATE, [pointer, value])), policyOf(), NO_FACTS);
    expect(JSON.stringify(plan)).not.toContain(SECRET);
  });
});
