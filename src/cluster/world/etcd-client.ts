import { type EtcdClient, etcdClient } from '../../etcd/client.ts';
import { type Authorities, believed } from '../../pki/authorities.ts';
import { issueClient } from '../../pki/issue.ts';
import { callEtcdThere } from '../../replicas/call-etcd.ts';
import { SshError } from '../../ssh/errors.ts';
import type { Session } from '../../ssh/session.ts';

type MakeClient = (replica: string, session: () => Promise<Session>) => EtcdClient;

/** etcd listens on the replica's loopback alone: its API is reached through the replica's SSH session, with mutual TLS. */
export async function etcdClients(authorities: Authorities): Promise<MakeClient> {
  const tls = { caPem: believed(authorities.etcd), ...(await issueClient('etcd-client', authorities)) };
  return (replica, session) =>
    etcdClient({
      member: replica,
      tls,
      connect: async () => (await session()).forward('127.0.0.1', 2379),
      otherwise: async (call, refusal) => {
        if (!(refusal instanceof SshError) || refusal.kind !== 'forbidden') throw refusal;
        return callEtcdThere(await session(), call);
      },
    });
}
