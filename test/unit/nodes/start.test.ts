import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { startNode } from '../../../src/nodes/start.ts';
import type { RemoteFile } from '../../../src/ssh/push.ts';
import type { Session } from '../../../src/ssh/session.ts';

test.each(['no', 'y', 'on', 'null', 'e3'])(
  'a cluster called %s is called so to its kubelets',
  async (cluster) => {
    const pushed: RemoteFile[] = [];
    const session = {
      what: 'n',
      exec: async (command: string) => ({
        code: command.includes('openssl') ? 1 : 0,
        stdout: '',
        stderr: '',
      }),
      pushFiles: async (files: readonly RemoteFile[]) => void pushed.push(...files),
    } as unknown as Session;
    const node = {
      cluster,
      name: `${cluster}-node-1e3`,
      internalIp: '10.0.0.3',
      apiAddress: '198.18.0.10',
      apiPort: 443,
    };
    await startNode(session, { node, caPem: 'CA', token: async () => 'abcdef.0123456789abcdef' });
    expect(pushed.map(({ path, mode }) => [path, mode])).toEqual([
      ['/var/lib/kubelet/bootstrap-kubeconfig', 0o600],
    ]);
    // The kubelet reads 1.1, as all of Go's.
    for (const version of ['1.1', '1.2'] as const) {
      const { clusters, contexts } = parse(String(pushed[0]!.content), { version });
      expect([clusters[0].name, contexts[0].context.cluster]).toEqual([cluster, cluster]);
    }
  },
);
