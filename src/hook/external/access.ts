// Who may ask for an upgrade: whoever may change the owner itself, which leads to the same.
import { StatusError } from '../../api/errors.ts';
import type { OwnerKind } from '../../api/external-owner.ts';
import { at, list, text } from '../../api/fields.ts';
import { isObject, type JsonObject } from '../../api/json.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';

const TOKEN_REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const GROUPS: Readonly<Record<OwnerKind, string>> = {
  KubeadmControlPlane: 'controlplane.cluster.x-k8s.io',
  MachineDeployment: 'cluster.x-k8s.io',
};

export interface Caller {
  /** Of this connection, and it is trusted. */
  hasClientCertificate: boolean;
  /** Header `Authorization`. */
  authorization: string | undefined;
}

export interface Wanted {
  kind: OwnerKind;
  namespace: string;
  name: string;
}

/** `trusted`: by its certificate, for everything. */
export type User = JsonObject | 'trusted';

/** Tokens are checked each time: one that was revoked is refused at once. Errors of both: Forbidden; Unavailable. */
export interface Access {
  /** Before anything that the caller sent is read. */
  userOf(caller: Caller): Promise<User>;
  check(user: User, wanted: Wanted): Promise<void>;
}

export function accessOf(client: ApiClient): Access {
  return {
    async userOf({ hasClientCertificate, authorization }) {
      // Signed by the authority that is configured for the managers of Cluster API.
      if (hasClientCertificate) return 'trusted';
      const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
      if (token === undefined) {
        throw forbidden(
          'credentials: got none, expected a client certificate or a bearer token of Kubernetes',
        );
      }
      return ownerOf(client, token);
    },
    async check(user, wanted) {
      if (user === 'trusted' || (await mayChange(client, user, wanted))) return;
      const { kind, namespace, name } = wanted;
      throw forbidden(
        `${text(user, 'username') ?? 'user'} may not patch ${kind} ${namespace}/${name}: give them that permission`,
      );
    },
  };
}

async function ownerOf(client: ApiClient, token: string): Promise<JsonObject> {
  const review = await client.create(TOKEN_REVIEWS, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token },
  });
  const user = at(review, 'status', 'user');
  if (at(review, 'status', 'authenticated') !== true || !isObject(user)) {
    throw forbidden('bearer token: got one that Kubernetes does not accept, expected a valid one');
  }
  return user;
}

async function mayChange(
  client: ApiClient,
  user: JsonObject,
  { kind, namespace, name }: Wanted,
): Promise<boolean> {
  const extra = at(user, 'extra');
  const review = await client.create(ACCESS_REVIEWS, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: text(user, 'username') ?? '',
      uid: text(user, 'uid') ?? '',
      groups: list(user, 'groups'),
      ...(isObject(extra) ? { extra } : {}),
      resourceAttributes: {
        verb: 'patch',
        group: GROUPS[kind],
        resource: `${kind.toLowerCase()}s`,
        namespace,
        name,
      },
    },
  });
  return at(review, 'status', 'allowed') === true;
}

function forbidden(message: string): StatusError {
  return new StatusError(message, { reason: 'Forbidden' });
}
