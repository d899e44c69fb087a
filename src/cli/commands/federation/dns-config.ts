import { InputError, NotFoundError } from '../../../cluster/model/errors.ts';
import { memberCorefilePart } from '../../../federation/dns/member/corefile.ts';
import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import * as values from '../../input/values.ts';

export const federationDnsConfig = defineCommand({
  name: 'federation dns-config',
  summary: 'what a member’s CoreDNS needs to lead its pods to the nearest shard',
  details: `Prints what goes behind the blocks of that member's Corefile. See docs/federation-dns.md.`,
  operands: [{ name: 'MEMBER', help: 'a member of the federation', needed: true, parse: values.place }],
  flags: { federation: flags.federation, nameServers: flags.nameServers },
  examples: [
    'haup federation dns-config alpha',
    'haup federation dns-config alpha --name-servers 10.0.0.5,10.0.1.5',
  ],

  async run(call) {
    const name = call.operands[0]!;
    const engine = await call.engine();
    const { federation, dnsZone, members } = await engine.federationStatus(call.flags.federation);
    call.settle();
    const member = members.find((one) => one.name === name);
    if (!member)
      throw new NotFoundError(
        `member of ${federation}`,
        name,
        members.map((one) => one.name),
      );
    if (dnsZone === null) throw new InputError(`${federation} has no DNS zone`);
    const { region, zone } = member;
    const servers = call.flags.nameServers ?? [];
    call.world.out.write(memberCorefilePart({ federation, domain: dnsZone, region, zone, servers }));
    return 0;
  },
});
