import type { FaultKind } from '../../providers/provider.ts';
import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { oneOf, replicaOrZone } from '../input/values.ts';
import { safe } from '../output/safe.ts';

const kinds = [
  'power-off',
  'power-on',
  'freeze',
  'thaw',
  'isolate',
  'heal',
  'wipe-disk',
] satisfies FaultKind[];

export const fault = defineCommand({
  name: 'fault',
  summary: 'break a replica or a zone, to see what happens (local provider)',
  operands: [
    { name: 'KIND', help: kinds.join(', '), needed: true, choices: kinds, parse: oneOf(...kinds) },
    {
      name: 'TARGET',
      help: 'a replica, or a zone and all that stands in it',
      needed: true,
      parse: replicaOrZone,
    },
  ],
  flags: { cluster: flags.cluster },
  examples: ['haup fault -c demo power-off demo-master', 'haup fault -c demo isolate local-b'],

  async run(call) {
    const [kind, target] = call.operands as [FaultKind, string];
    const engine = await call.engine();
    const hit = await engine.fault(call.flags.cluster, kind, target);
    call.settle();
    call.world.out.write(`${kind}: ${hit.map(safe).join(', ')}\n`);
    return 0;
  },
});
