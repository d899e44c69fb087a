import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unitsOf } from '../../../src/nodes/files.ts';
import { announceServicesScript } from '../../../src/nodes/settings/announce-services.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { VM } from './config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-announce-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As kube-proxy 1.37 writes them. */
const RULES = {
  'service-ips': `table ip kube-proxy {
	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"
		elements = { 10.96.0.1 . tcp . 443 : goto service-A-default/kubernetes/tcp/https, 127.0.0.193 . tcp . 80 : goto external-B-default/here/tcp/,
			     127.0.0.194 . tcp . 80 : goto external-C-default/only/tcp/, 127.0.0.195 . tcp . 80 : goto external-D-default/two/tcp/a,
			     127.0.0.195 . udp . 53 : goto external-E-default/two/udp/b }
	}
}`,
  'no-endpoint-services': `table ip kube-proxy {
	map no-endpoint-services {
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = { 127.0.0.194 . tcp . 80 comment "default/only" : drop, 127.0.0.194 . tcp . 80 : drop,
			     127.0.0.195 . udp . 53 : drop, 127.0.0.196 . tcp . 80 : goto reject-chain }
	}
}`,
};

function listenOn(address: string, heard: Set<string>): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', () => heard.add(address));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.bind(PORT, address, () => resolve(socket));
  });
}
const PORT = 24_009;

test('a node says for which addresses its kube-proxy has somebody, and only for those', async () => {
  for (const [name, text] of Object.entries(RULES)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'nft'), `#!/bin/sh\ncat "${folder}/$5"\n`);
  chmodSync(join(folder, 'nft'), 0o755);
  const heard = new Set<string>();
  const addresses = [193, 194, 195, 196].map((host) => `127.0.0.${host}`);
  const sockets = await Promise.all(addresses.map((address) => listenOn(address, heard)));
  const text = announceServicesScript('127.0.0.192/26')
    .replace(/^port=.*$/m, `port=${PORT}`)
    .replace(/^every_seconds=.*$/m, 'every_seconds=0.01');
  const child = spawn('bash', ['-c', text], {
    env: { ...process.env, PATH: `${folder}:${process.env.PATH}` },
  });
  try {
    const both = async () => (heard.size >= 2 ? true : undefined);
    await waitFor(both, { what: 'two addresses to be announced', timeoutMs: 30_000 });
    // Whatever else it would say, it has said by its next rounds.
    heard.clear();
    await waitFor(both, { what: 'them to be announced again', timeoutMs: 30_000 });
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const socket of sockets) socket.close();
  }
  expect([...heard].sort()).toEqual(['127.0.0.193', '127.0.0.195']);
});

test('where a cloud gives Services their addresses, no node says anything', () => {
  const unit = 'announce-services.service';
  expect(unitsOf({ cni: 'haup', serviceAddresses: '198.18.7.192/26' }, VM)).toContain(unit);
  expect(unitsOf({ cni: 'haup', serviceAddresses: null }, VM)).not.toContain(unit);
});
