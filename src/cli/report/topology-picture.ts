import { text } from '../../drill/page/html.ts';
import type { Topology } from './topology.ts';

const BOX = { width: 172, height: 58, gap: 12 } as const;
const ZONE = { padding: 12, head: 24, gap: 18 } as const;
const TOP = 74;

/** Zones beside each other, their masters below each other, and above them who has the API address and whom it leads to. */
export function topologyPicture({ machines, address, strangers, nodes }: Topology): string {
  const zones = [...new Set(machines.map(({ zone }) => zone))];
  const width = BOX.width + 2 * ZONE.padding;
  const inZone = (zone: string) => machines.filter((machine) => machine.zone === zone);
  const rows = Math.max(1, ...zones.map((zone) => inZone(zone).length));
  const depth = ZONE.head + rows * (BOX.height + BOX.gap) + ZONE.padding - BOX.gap;
  const whole = Math.max(1, zones.length) * (width + ZONE.gap) - ZONE.gap;
  const lines: string[] = [];
  const boxes = zones.flatMap((zone, column) => {
    const left = column * (width + ZONE.gap);
    const parts = inZone(zone).map((machine, row) => {
      const [x, y] = [left + ZONE.padding, TOP + ZONE.head + row * (BOX.height + BOX.gap)];
      const leads = machine.target || address?.holder === machine.name;
      // Beside the boxes above it, so that nothing is crossed.
      if (leads) lines.push(row === 0 ? way(whole / 2, x + BOX.width / 2, y) : around(whole / 2, x, y));
      return box(machine, x, y);
    });
    return [
      `<rect class="zone" x="${left}" y="${TOP}" width="${width}" height="${depth}" rx="8"/><text class="note" x="${left + ZONE.padding}" y="${TOP + 17}">${text(zone)}</text>`,
      ...parts,
    ];
  });
  const extras = [
    ...(strangers.length > 0 ? [`members without a machine: ${strangers.join(', ')}`] : []),
    ...(nodes > 0 ? [`${nodes} ${nodes === 1 ? 'node' : 'nodes'}`] : []),
  ];
  const height = TOP + depth + (extras.length > 0 ? 24 : 4);
  return [
    `<svg class="topology" viewBox="-2 0 ${whole + 4} ${height}" style="width:${whole + 4}px;max-width:100%" role="img" aria-label="Topology">`,
    ...(machines.length > 0 ? boxes : []),
    ...lines,
    holder(address, whole / 2),
    machines.length === 0
      ? `<text class="note" x="${whole / 2}" y="${TOP + 40}" text-anchor="middle">no machine</text>`
      : '',
    extras.length > 0 ? `<text class="note" x="0" y="${height - 6}">${text(extras.join('; '))}</text>` : '',
    '</svg>',
  ].join('');
}

function holder(address: Topology['address'], middle: number): string {
  const who =
    address === null ? 'no API address' : address.holder === 'balancer' ? 'load balancer' : address.holder;
  const ip = address === null ? '' : address.ip;
  return `<g class="holder${address === null ? ' absent' : address.holder === 'nobody' ? ' none' : ''}"><rect x="${middle - 86}" y="2" width="172" height="40" rx="6"/><text x="${middle}" y="19" text-anchor="middle">${text(who)}</text><text class="note" x="${middle}" y="34" text-anchor="middle">${text(ip)}</text></g>`;
}

function way(from: number, x: number, y: number): string {
  return `<path class="way" d="M${from} 42V58H${x}V${y}"/>`;
}

function around(from: number, x: number, y: number): string {
  return `<path class="way" d="M${from} 42V58H${x - 6}V${y + BOX.height / 2}H${x}"/>`;
}

function box({ name, runs, member }: Topology['machines'][number], x: number, y: number): string {
  const words = runs ? (member === null ? 'no member of etcd' : `etcd: ${member}`) : 'has stopped';
  const kind =
    !runs || member === 'unhealthy'
      ? 'none'
      : member === 'leader'
        ? 'good'
        : member === 'voter'
          ? 'balancer'
          : 'fair';
  // Names are long where clusters' names are: the end tells replicas apart.
  const short = name.length > 24 ? `…${name.slice(-23)}` : name;
  return `<g class="machine ${kind}"><title>${text(name)}</title><rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="6"/><text class="label" x="${x + 10}" y="${y + 24}">${text(short)}</text><text x="${x + 10}" y="${y + 43}">${text(words)}</text></g>`;
}
