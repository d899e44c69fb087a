import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { safe } from '../output/safe.ts';
import { serialize } from '../output/serialize.ts';

export const joinCommand = defineCommand({
  name: 'join-command',
  summary: 'print the kubeadm command by which a machine of any kind joins as a node',
  details: `The token in it is a secret until it ends. Such a machine brings its own kubelet and container runtime, and stays yours:
haup neither drains nor deletes it.`,
  operands: [],
  flags: { cluster: flags.cluster, ttl: flags.ttl, output: flags.output },
  examples: ['haup join-command -c demo', 'haup join-command -c demo --ttl 10m -o json | jq -r .command'],

  async run(call) {
    const { cluster, ttl, output } = call.flags;
    const engine = await call.engine();
    const join = await engine.joinCommand(cluster, { minutes: ttl / 60_000 });
    call.settle();
    call.world.out.write(output === 'text' ? `${safe(join.command)}\n` : await serialize(join, output));
    return 0;
  },
});
