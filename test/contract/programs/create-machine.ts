/** Makes a network, an address and a machine, in a process that a test kills: `create-machine.ts <identity as JSON> [keep]`. */
import { cacheFolder } from '../../../src/artifacts/cache.ts';
import { open } from '../../../src/providers/local/index.ts';

const provider = open({
  cluster: JSON.parse(process.argv[2] ?? ''),
  settings: {},
  signal: new AbortController().signal,
  progress: () => {},
  binariesFolder: '/tmp/lp-no-binaries',
  cacheFolder: cacheFolder(process.env),
  environment: process.env,
});
await provider.network.ensure();
await provider.address.reserve();
const request = {
  name: 'lp-cut',
  role: 'master',
  zone: 'local-b',
  bootScript: '#!/bin/sh\n',
  requestToken: 't',
} as const;
console.log('creating');
await provider.machines.create(request);
await provider.address.handOver({ kind: 'machine', name: 'lp-cut' });
await provider.balancer.ensure(['local-b']);
if (process.argv[3] === 'keep') process.exit(0);
console.log('deleting');
await provider.address.handOver({ kind: 'machine', name: 'lp-cut' });
await provider.balancer.delete();
await provider.machines.delete('lp-cut');
await provider.address.release();
await provider.network.delete();
