import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { replicaName } from '../input/values.ts';

export const ssh = defineCommand({
  name: 'ssh',
  summary: 'a shell, or one command, on a replica or a node',
  details: `The machine's pinned host key is verified. The exit code is the command's.`,
  operands: [
    {
      name: 'NAME',
      help: 'a replica, or a node; the first replica by default',
      needed: false,
      parse: replicaName,
    },
  ],
  rest: { name: 'COMMAND', help: 'runs there instead of a shell' },
  flags: { cluster: flags.cluster },
  examples: ['haup ssh -c demo', 'haup ssh -c demo demo-master -- journalctl -u etcd -n 20'],

  async run(call) {
    const name = call.operands[0];
    const engine = await call.engine();
    call.settle();
    return engine.ssh(call.flags.cluster, name, [...call.rest]);
  },
});
