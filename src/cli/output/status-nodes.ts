import type { NodeStatus } from '../../cluster/plan/nodes/node-status.ts';
import type { Status } from '../../cluster/plan/status.ts';
import { type Style, width } from './style.ts';
import { table } from './table.ts';

interface Column {
  readonly head: string;
  readonly cell: (node: NodeStatus) => string;
}

/** The nodes, after the replicas; nothing where there are none. On a narrow terminal without what matters least. */
export function nodeTable({ nodes }: Pick<Status, 'nodes'>, style: Style, columns: number): string[] {
  if (nodes.length === 0) return [];
  const judged = (text: string, good: boolean) => (good ? style.good(text) : style.bad(text));
  const shown: Column[] = [
    { head: 'NODE', cell: ({ name }) => name },
    { head: 'ZONE', cell: ({ zone }) => zone || '–' },
    {
      head: 'MACHINE',
      cell: ({ machine }) => (machine === null ? '–' : judged(machine, machine === 'running')),
    },
    {
      head: 'STATUS',
      cell: ({ ready, cordoned }) =>
        judged(`${ready}${cordoned ? ', cordoned' : ''}`, ready === 'ready' && !cordoned),
    },
    { head: 'VERSION', cell: ({ version }) => version ?? '–' },
    { head: 'PODS', cell: ({ podCidr }) => podCidr ?? '–' },
    { head: 'INTERNAL', cell: ({ internalIp }) => internalIp ?? '–' },
    { head: 'EXTERNAL', cell: ({ externalIp }) => externalIp ?? '–' },
  ];
  const lines = () =>
    table([
      shown.map(({ head }) => style.dim(head)),
      ...nodes.map((node) => shown.map(({ cell }) => cell(node))),
    ]);
  while (shown.length > 4 && Math.max(...lines().map(width)) > columns) shown.pop();
  return ['', ...lines()];
}
