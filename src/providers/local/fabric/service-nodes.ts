import { z } from 'zod';
import { parseIp } from '../../../util/ipv4.ts';
import { execIn, ip } from './netns.ts';
import { portName, rulesExist, TABLE } from './rules.ts';

/** Marks routes and rules that are made here, so that they and no other are taken away again (rtnetlink(7): above static). */
export const PROTOCOL = '77';
const PRIORITY = 770;
/** Far from the tables that a system has. */
const FIRST_TABLE = 77_000_000;

/** Of a node among the others of its fabric: the last two bytes of a private address are its own. */
export function markOf(address: string): number {
  return (parseIp(address) % 2 ** 16) + 1;
}

/**
 * The nft script by which each new connection to a Service's address gets the mark of one of the nodes that say that they answer for it: the
 * one that chance names first, or else the first in order. No mark where none does: such a connection is spread over all of them.
 */
export function choice(nodes: readonly string[]): string {
  const marks = nodes.map(markOf);
  const announced = `ip daddr . meta mark @announced return`;
  const byChance = marks.map((mark, index) => `${index} : ${mark}`).join(', ');
  const rules = [
    ...(marks.length > 0
      ? [`meta mark set numgen random mod ${marks.length} map { ${byChance} }`, announced]
      : []),
    ...marks.flatMap((mark) => [`meta mark set ${mark}`, announced]),
    'meta mark set 0',
  ];
  return [
    `flush chain ip ${TABLE} choose`,
    `flush map ip ${TABLE} marks`,
    ...nodes.map((address) => `add element ip ${TABLE} marks { ${address} : ${markOf(address)} }`),
    ...rules.map((rule) => `add rule ip ${TABLE} choose ${rule}`),
    '',
  ].join('\n');
}

const ruleList = z.array(z.object({ priority: z.number(), fwmark: z.string().optional() }));

/** What has a node's mark goes to it; where its link is gone, so is the only route, and all others' routes count. */
export async function leadByMark(namespace: string, nodes: readonly string[]): Promise<void> {
  // After a reboot they are made first, and then this is done again.
  if (!(await rulesExist(namespace))) return;
  await execIn(namespace, ['nft', '-f', '-'], choice(nodes));
  const text = await execIn(namespace, ['ip', '-json', '-4', 'rule', 'show']);
  const there = ruleList
    .parse(JSON.parse(text || '[]'))
    .flatMap(({ priority, fwmark }) => (priority === PRIORITY && fwmark ? [Number(fwmark)] : []));
  const wanted = nodes.map(markOf);
  const rule = (mark: number) =>
    `fwmark ${mark} lookup ${FIRST_TABLE + mark} priority ${PRIORITY} protocol ${PROTOCOL}`;
  await ip(namespace, [
    ...nodes.map(
      (address) =>
        `route replace default via ${address} dev ${portName(address)} onlink proto ${PROTOCOL} table ${FIRST_TABLE + markOf(address)}`,
    ),
    ...wanted.filter((mark) => !there.includes(mark)).map((mark) => `rule add ${rule(mark)}`),
    ...there.filter((mark) => !wanted.includes(mark)).map((mark) => `rule delete ${rule(mark)}`),
  ]);
}
