import type { MemberSummary } from '../../../app/federation/members.ts';
import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { safe } from '../../output/safe.ts';
import { serialize } from '../../output/serialize.ts';
import { table } from '../../output/table.ts';
import { spokenDuration } from '../../output/time.ts';

export const federationStatus = defineCommand({
  name: 'federation status',
  summary: 'a federation’s members, and what is wrong in them',
  details: 'Its own masters are looked at as those of every cluster: haup status -c NAME.',
  operands: [],
  flags: { federation: flags.federation, output: flags.output },
  examples: ['haup federation status', 'haup federation status -o json | jq .members'],

  async run(call) {
    const engine = await call.engine();
    const status = await engine.federationStatus(call.flags.federation);
    call.settle();
    const { out } = call.world;
    if (call.flags.output !== 'text') {
      out.write(await serialize(status, call.flags.output));
      return 0;
    }
    const { federation, dnsZone, dnsProvider, ttl, members } = status;
    const names = dnsZone === null ? 'no names' : `names in ${dnsZone} by ${dnsProvider}, good for ${ttl} s`;
    const problems = [
      ...status.problems.map((problem) => `  ${safe(problem)}`),
      ...members.flatMap(({ name, problems: own, problemCount }) => [
        ...own.map((problem) => `  ${name}: ${safe(problem)}`),
        ...(problemCount > own.length ? [`  ${name}: and ${problemCount - own.length} more`] : []),
      ]),
    ];
    const lines = [
      `${federation}: ${names}`,
      ...(members.length === 0 ? ['no members yet'] : memberTable(members)),
      ...(problems.length === 0 ? [] : ['problems:', ...problems]),
    ];
    out.write(`${lines.join('\n')}\n`);
    return 0;
  },
});

/** As `kubectl get clusters` shows them. */
export function memberTable(members: readonly MemberSummary[]): string[] {
  const now = Date.now();
  const rows = members.map(({ name, status, version, region, zone, joined }) => [
    ...[safe(name), status, version ?? '', safe(region), safe(zone)],
    spokenDuration(now - Date.parse(joined)),
  ]);
  return table([['NAME', 'STATUS', 'VERSION', 'REGION', 'ZONE', 'AGE'], ...rows]);
}
