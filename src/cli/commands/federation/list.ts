import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { serialize } from '../../output/serialize.ts';
import { memberTable } from './status.ts';

export const federationList = defineCommand({
  name: 'federation list',
  summary: 'the members of a federation',
  operands: [],
  flags: { federation: flags.federation, output: flags.output },
  examples: ['haup federation list', 'haup federation list --federation world -o json'],

  async run(call) {
    const engine = await call.engine();
    const { members } = await engine.federationStatus(call.flags.federation);
    call.settle();
    const { out } = call.world;
    if (call.flags.output !== 'text') out.write(await serialize(members, call.flags.output));
    else out.write(members.length === 0 ? 'no members yet\n' : `${memberTable(members).join('\n')}\n`);
    return 0;
  },
});
