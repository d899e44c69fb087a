import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Authorities, createAuthorities } from '../../../src/pki/authorities.ts';
import { type Issued, issueClient } from '../../../src/pki/issue.ts';
import { createKubeletAuthorities, type KubeletAuthorities } from '../../../src/pki/kubelet-authorities.ts';
import { issueReplica, type PkiFiles } from '../../../src/pki/replica.ts';
import { demoMaster, forge } from './world.ts';

let authorities: Authorities;
let kubelets: KubeletAuthorities;
let files: PkiFiles;
const pem = (name: string): string => files.get(name)!.pem;
const pair = (name: string): Issued => ({ certPem: pem(`${name}.crt`), keyPem: pem(`${name}.key`) });
beforeAll(async () => {
  authorities = await createAuthorities('demo');
  kubelets = await createKubeletAuthorities('demo');
  files = await issueReplica(demoMaster, authorities, kubelets);
});

interface Sides {
  readonly server: Issued;
  /** Who the server believes clients by; null: it asks for no certificate. */
  readonly clientCa: string | null;
  readonly client: Issued | null;
  readonly serverCa: string;
  /** What the client believes to be talking to. */
  readonly servername: string;
}

/** A real connection, one octet each way: `ok`, or the error's code on the side that refused. */
async function handshake({ server, clientCa, client, serverCa, servername }: Sides): Promise<string> {
  const listener = createServer({
    key: server.keyPem,
    cert: server.certPem,
    ...(clientCa === null ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  });
  const refusedByServer = new Promise<string>((resolve) => {
    listener.on('tlsClientError', (error: NodeJS.ErrnoException) => resolve(`server: ${error.code}`));
  });
  listener.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end('!'));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const options: ConnectionOptions = {
    host: '127.0.0.1',
    port: (listener.address() as AddressInfo).port,
    ca: serverCa,
    checkServerIdentity: (_, certificate) => checkName(servername, certificate),
    ...(client ? { key: client.keyPem, cert: client.certPem } : {}),
  };
  const socket = connect(options);
  try {
    const atClient = new Promise<string>((resolve) => {
      socket.on('secureConnect', () => socket.write('?'));
      socket.on('data', () => resolve('ok'));
      // With TLS 1.3 a client learns only later that it was refused; the server's own words say why.
      socket.on('close', () => void refusedByServer.then(resolve));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!/ALERT|ECONNRESET|EPIPE/.test(String(error.code))) resolve(`client: ${error.code}`);
      });
    });
    return await atClient;
  } finally {
    socket.destroy();
    listener.close();
  }
}

const { checkServerIdentity: checkName } = await import('node:tls');

describe('a TLS connection', () => {
  const etcd = (change: Partial<Sides> = {}): Promise<string> =>
    handshake({
      server: pair('etcd/server'),
      clientCa: pem('etcd/ca.crt'),
      client: pair('apiserver-etcd-client'),
      serverCa: pem('etcd/ca.crt'),
      servername: '127.0.0.1',
      ...change,
    });
  const api = (change: Partial<Sides> = {}): Promise<string> =>
    handshake({
      server: pair('apiserver'),
      clientCa: pem('client-ca.crt'),
      client: null,
      serverCa: pem('ca.crt'),
      servername: '198.18.0.10',
      ...change,
    });

  it('from the API server, from haup and from etcd’s own gateway to etcd works', async () => {
    expect(await etcd()).toBe('ok');
    expect(await etcd({ client: await issueClient('etcd-client', authorities) })).toBe('ok');
    expect(await etcd({ client: pair('etcd/server') })).toBe('ok');
  });

  it('between etcd peers works both ways, by their internal addresses', async () => {
    const other = await issueReplica(
      { ...demoMaster, name: 'demo-master-x7k', internalIp: '10.1.3.4' },
      authorities,
      kubelets,
    );
    const theirs = { certPem: other.get('etcd/peer.crt')!.pem, keyPem: other.get('etcd/peer.key')!.pem };
    const ours = pair('etcd/peer');
    expect(await etcd({ server: ours, client: theirs, servername: '10.1.2.3' })).toBe('ok');
    expect(await etcd({ server: theirs, client: ours, servername: '10.1.3.4' })).toBe('ok');
    expect(await etcd({ server: theirs, client: ours, servername: '10.1.2.3' })).toBe(
      'client: ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('to etcd without a certificate, or with one of another authority, is refused', async () => {
    expect(await etcd({ client: null })).toMatch(/^server: .*PEER_DID_NOT_RETURN_A_CERTIFICATE/);
    expect(await etcd({ client: await issueClient('admin', authorities) })).toMatch(/^server: /);
    expect(await etcd({ client: pair('front-proxy-client') })).toMatch(/^server: /);
  });

  it('of the admin to the API server works by every name that it should answer to', async () => {
    const client = await issueClient('admin', authorities);
    const names = [
      '198.18.0.10',
      '10.1.2.3',
      '127.0.0.1',
      '10.96.0.1',
      'localhost',
      'demo-master',
      'kubernetes',
    ];
    for (const servername of [...names, 'kubernetes.default.svc.cluster.local'])
      expect(await api({ client, servername }), servername).toBe('ok');
  });

  it('by an address that is not the replica’s to keep is refused', async () => {
    const client = await issueClient('admin', authorities);
    for (const servername of ['198.18.0.99', 'kubernetes.example.com', 'kube-apiserver'])
      expect(await api({ client, servername })).toBe('client: ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('with a certificate for the other role is refused on either side', async () => {
    const asServer = await forge(authorities.kubernetes, { extendedKeyUsage: ['clientAuth'] });
    expect(await api({ clientCa: null, server: asServer, servername: 'demo-master' })).toBe(
      'client: INVALID_PURPOSE',
    );
    expect(await api({ client: pair('apiserver') })).toMatch(/^server: /);
  });

  it('to a false API server, made with what a master holds, is refused by whoever has a kubeconfig', async () => {
    const client = await issueClient('admin', authorities);
    for (const [name, why] of [
      ['kubelet-client-ca', 'INVALID_PURPOSE'],
      ['kubelet-serving-ca', 'SELF_SIGNED_CERT_IN_CHAIN'],
    ] as const) {
      const authority = pair(name);
      const { certPem, keyPem } = await forge(authority, { sans: ['198.18.0.10'] });
      const server = { certPem: certPem + authority.certPem, keyPem };
      expect(await api({ client, server }), name).toBe(`client: ${why}`);
    }
  });

  it('of an administrator, made with what a master holds, is refused by all but the API servers of this cluster', async () => {
    const organization = 'system:masters';
    const subject = { commonName: 'forged', organization };
    const forged = async (name: string): Promise<Issued> => {
      const authority = pair(name);
      const leaf = await forge(authority, { subject, extendedKeyUsage: ['clientAuth'], sans: [] });
      return { certPem: leaf.certPem + authority.certPem, keyPem: leaf.keyPem };
    };
    for (const name of ['kubelet-client-ca', 'kubelet-serving-ca']) {
      const client = await forged(name);
      expect(await api({ client, clientCa: pem('ca.crt') }), name).toMatch(/^server: /);
      expect(await etcd({ client }), name).toMatch(/^server: /);
    }
    expect(await api({ client: await forged('kubelet-serving-ca') })).toMatch(/^server: /);
    // What remains, and why it gives a master's thief nothing that sa.key does not: docs/security.md.
    expect(await api({ client: await forged('kubelet-client-ca') })).toBe('ok');
  });

  it('of a kubelet whose certificate the controller manager signed works', async () => {
    const kubelet = await forge(kubelets.client, {
      subject: { commonName: 'system:node:n1', organization: 'system:nodes' },
      extendedKeyUsage: ['clientAuth'],
      sans: [],
    });
    expect(await api({ client: kubelet })).toBe('ok');
  });
});
