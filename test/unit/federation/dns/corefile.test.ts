import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { serverCorefile } from '../../../../src/federation/dns/coredns/corefile.ts';
import { memberCorefilePart } from '../../../../src/federation/dns/member/corefile.ts';

const member = { federation: 'fed', domain: 'example.com.', region: 'eu', zone: 'eu-1' };

test("a member leads to its own zone's name, or to the nearest that it has", () => {
  expect(memberCorefilePart(member)).toContain(' {1}.{2}.fed.svc.eu-1.eu.example.com\n');
  expect(memberCorefilePart({ ...member, zone: '' })).toContain(' {1}.{2}.fed.svc.eu.example.com\n');
  expect(memberCorefilePart({ ...member, region: '' })).toContain(' {1}.{2}.fed.svc.example.com\n');
  expect(memberCorefilePart({ ...member, region: 'svc' })).toContain(' {1}.{2}.fed.svc.example.com\n');
});

test('a member asks the servers that are named, else those of its machine', () => {
  expect(memberCorefilePart(member)).toContain('forward . /etc/resolv.conf\n');
  expect(memberCorefilePart({ ...member, servers: ['10.0.0.1', '10.0.0.2:54'] })).toContain(
    'forward . 10.0.0.1 10.0.0.2:54\n',
  );
});

test('a server has the certificates that etcd asks for', () => {
  const tls = { ca: '/pki/ca.crt', cert: '/pki/dns.crt', key: '/pki/dns.key' };
  expect(serverCorefile({ domain: 'example.com.', endpoints: ['https://127.0.0.1:2389'], tls })).toContain(
    'tls /pki/dns.crt /pki/dns.key /pki/ca.crt\n',
  );
});

test('the documentation shows both as they are', () => {
  const text = readFileSync('docs/federation-dns.md', 'utf8');
  const tls = { ca: '/etc/coredns/ca.crt', cert: '/etc/coredns/dns.crt', key: '/etc/coredns/dns.key' };
  expect(text).toContain(
    serverCorefile({ domain: 'example.com.', endpoints: ['https://10.0.0.5:2379'], tls }),
  );
  expect(text).toContain(memberCorefilePart({ ...member, federation: 'myfederation' }));
});
