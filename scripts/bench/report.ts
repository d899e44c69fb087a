import { writeFileSync } from 'node:fs';
import type { Gaps, Profiles, Timed } from './cluster.ts';
import { duration, median, ratio, table } from './figures.ts';
import { describeMachine, load } from './machine.ts';
import { type NodesRound, nodesTable } from './nodes.ts';
import type { Gap } from './writes.ts';

export interface Figures {
  /** Milliseconds, like all. */
  readonly help: { readonly help: readonly number[]; readonly node: readonly number[] };
  readonly floors: readonly { readonly one: number; readonly three: number }[];
  readonly rounds: readonly Timed[];
  readonly gaps: Gaps;
  readonly nodes: readonly NodesRound[];
  readonly profiles: Profiles;
  /** The table of API calls. */
  readonly calls: string;
}

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url).pathname;

/** Prints the tables, and stores them with the machine that they were taken on. */
export function report(figures: Figures): void {
  const parts = [
    ratios(figures),
    interruptions(figures.gaps),
    nodesTable(figures.nodes),
    costs(figures),
    cpu(figures),
    figures.calls,
  ];
  const text = parts.join('\n\n');
  process.stdout.write(`${text}\n`);
  writeFileSync(PAGE, page(text, figures.rounds.length));
}

function ratios({ help, floors, rounds }: Figures): string {
  const one = floors.map((floor) => floor.one);
  const three = floors.map((floor) => floor.three);
  const ready = rounds.map((round) => round.ready);
  const grow = rounds.map((round) => round.grow.ms);
  const peak = Math.max(...rounds.flatMap(({ create, grow }) => [create.peakBytes, grow.peakBytes]));
  return table([
    ['what', 'haup', 'floor', 'ratio', 'ratio of the best', 'bound'],
    ['`haup create` to the first 200 on /readyz through the API address', ...against(ready, one), '1.5'],
    ['one replica to three, until the command has ended', ...against(grow, three), '1.5'],
    ['`haup --help`; the floor is `node -e 0`', ...against(help.help, help.node), '2.5'],
    ['peak memory of haup (VmHWM)', `${Math.round(peak / 1e6)} MB`, '', '', '', '150 MB'],
  ]);
}

function against(values: readonly number[], floors: readonly number[]): string[] {
  const [value, floor] = [median(values), median(floors)];
  return [
    duration(value),
    duration(floor),
    ratio(value, floor),
    ratio(Math.min(...values), Math.min(...floors)),
  ];
}

function interruptions({ promotion, demotion, powerOff }: Gaps): string {
  const moved = ({ requests, failures, longest }: Gap): string[] => [
    `${failures} of ${requests}`,
    `${duration(longest)} between two answered writes`,
  ];
  return table([
    ['a write every 100 ms, each with a deadline of 1 s', 'failed', 'longest gap'],
    ['one replica to three (promotion)', ...moved(promotion)],
    ['three replicas to one (demotion)', ...moved(demotion)],
    [
      "power-off of the etcd leader's replica of three",
      `${powerOff.inFlightFailed} of ${powerOff.inFlight} in flight, ${powerOff.failures} later`,
      `writes resume after ${duration(powerOff.resumedAfter)}`,
    ],
  ]);
}

function costs({ rounds, gaps }: Figures): string {
  const [round] = rounds;
  const row = (name: string, { cost, ms }: Timed['create']): string[] => [
    name,
    String(cost.steps),
    String(cost.commands),
    duration(ms),
  ];
  return table([
    ['operation', 'steps', 'SSH commands', 'time'],
    row('create', round!.create),
    row('one to three', round!.grow),
    row('replace a dead one of three', gaps.replace),
    row('three to one', gaps.shrink),
    row('delete', round!.remove),
  ]);
}

/** What takes less is not worth a line. */
const PARTS = 8;

/** haup's own time competes with that of the machines that it makes, where they share the processors. */
function cpu({ rounds, profiles }: Figures): string {
  const row = (name: string, runs: readonly Timed['create'][], parts: Profiles['create']): string[] => [
    name,
    seconds(median(runs.map(({ cpu }) => cpu.ownSeconds))),
    seconds(median(runs.map(({ cpu }) => cpu.programsSeconds))),
    parts
      .slice(0, PARTS)
      .map((part) => `${part.name} ${part.seconds.toFixed(2)}`)
      .join(', '),
  ];
  return table([
    [
      'processor time',
      "haup's own",
      'of programs that it ran',
      'its main thread, by whose code it was (a run of its own)',
    ],
    row(
      'create',
      rounds.map(({ create }) => create),
      profiles.create,
    ),
    row(
      'one to three',
      rounds.map(({ grow }) => grow),
      profiles.grow,
    ),
  ]);
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

function page(text: string, rounds: number): string {
  return `# Benchmarks

Written by \`npm run bench\`, which measures haup and a floor in turn, ${rounds} times each, and compares the medians; and the best, for what else runs
on the machine only ever adds time. The floor is
[a plain script](../scripts/bench/floor.sh) that does the same job without haup and knows beforehand all that haup has to find out: it
boots the same machines with ready-made disks (certificates, users, units, all made by haup before), starts the same
binaries, grows etcd by learner and promotion under the same rules of etcd's, and ends where haup ends: three API servers that
are ready, each with its controllers, behind the same load balancer, which has found all three healthy and has the API address.

haup does more within its figures, because it has to: it makes the keys and certificates, gives every machine a host key of
its own, puts what it writes on the disks, looks at what is before it decides each step, asks the API as a client would while
the address moves, and looks at everything once more before it says that it is done.
API calls are counted at the test clouds, through the real clients; why none of the least can be left out is said beside
each of them ([GCE](../test/clouds/gce/calls.ts), [AWS](../test/clouds/aws/calls.ts)).

The command is built as one file for what every command needs, and one for each part that is loaded when it is wanted. As one file in all, which
has to load every cloud's client first, it takes more (processor time of its own, the least of 15 runs in turn, at load 25, a bare Node taking 52 ms):
\`haup --help\` 492 ms instead of 115, \`haup list\` 518 instead of 285, \`haup create --dry-run\` 604 instead of 388.

On ${describeMachine()}; load average ${load()} at the end. ${new Date().toISOString().slice(0, 10)}.

${text}
`;
}
