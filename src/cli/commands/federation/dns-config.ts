import { InputError, NotFoundError } from '../../../cluster/model/errors.ts';
import { memberCorefilePart } from '../../../federation/dns/member/corefile.ts';
import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import * as values from '../../input/values.ts';

export const federationDnsConfig = defineCommand({
  name: 'federation dns-config',
  summary: 'what a member’s CoreDNS needs to lead its pods to the nearest shard',
  details: `Prints what goes behind the blocks of that member's Corefile; with --apply haup puts it into a cluster of its own.
See docs/federation-dns.md.`,
  operands: [{ name: 'MEMBER', help: 'a member of the federation', needed: true, parse: values.place }],
  flags: { federation: flags.federation, nameServers: flags.nameServers, apply: flags.applyDns },
  examples: [
    'haup federation dns-config alpha',
    'haup federation dns-config alpha --apply',
    'haup federation dns-config alpha --name-servers 10.0.0.5,10.0.1.5',
  ],

  async run(call) {
    const name = call.operands[0]!;
    const engine = await call.engine();
    const { federation, dnsZone, members } = await engine.federationStatus(call.flags.federation);
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
    const part = memberCorefilePart({ federation, domain: dnsZone, region, zone, servers });
    const did = call.flags.apply ? await engine.putMemberDns({ federation, cluster: name, part }) : null;
    call.settle();
    if (did === null) call.world.out.write(part);
    else call.world.out.write(did ? `the DNS of ${name} knows ${federation}\n` : 'nothing to do\n');
    return 0;
  },
});
