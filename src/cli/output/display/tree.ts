import { describe, type Step } from '../../../cluster/plan/step.ts';
import { safe } from '../safe.ts';
import { pad, type Style, truncate, width, wrap } from '../style.ts';
import { elapsed } from '../time.ts';
import { counted } from '../words.ts';
import type { Entry, Progress } from './progress.ts';

export interface TreeOptions {
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly startedAt: number;
  readonly columns: number;
  /** Detail is left out until the tree is no taller; Infinity: all of it. */
  readonly rows: number;
  readonly style: Style;
}

const SPINNER = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
/** What is said outside the steps is shown for this long after its last word, or until a step runs. */
const TOPIC_MS = 60_000;

/** The steps as a tree, one branch for each thing that they work on. Pure. */
export function renderTree(progress: Progress, options: TreeOptions): string[] {
  const { style } = options;
  const groups = groupBy(progress.entries, subjectOf);
  const tail = [
    ...topicLines(progress, options),
    ...progress.warnings.flatMap((warning) => warningLines(safe(warning), options)),
  ];
  if (groups.size === 0) return tail.map((line) => truncate(line, options.columns));
  const done = progress.entries.filter((entry) => entry.state === 'done').length;
  const title = `${style.bold(options.title)}  ${style.dim(
    `${done} of ${counted(progress.entries.length, 'step')}, ${elapsed((options.now - options.startedAt) / 1000)}`,
  )}`;
  let lines: string[] = [];
  for (const detail of DETAILS) {
    lines = [title, ...branches(groups, detail, options), ...tail];
    if (lines.length <= options.rows) break;
  }
  const tooTall = Math.max(0, lines.length - options.rows);
  return [title, ...lines.slice(1 + tooTall)].map((line) => truncate(line, options.columns));
}

interface Detail {
  /** Branches that are done in one line; or not at all. */
  readonly doneBranches: 'all' | 'line' | 'none';
  readonly doneSteps: boolean;
  readonly pendingSteps: boolean;
}

const DETAILS: readonly Detail[] = [
  { doneBranches: 'all', doneSteps: true, pendingSteps: true },
  { doneBranches: 'line', doneSteps: true, pendingSteps: true },
  { doneBranches: 'line', doneSteps: false, pendingSteps: true },
  { doneBranches: 'line', doneSteps: false, pendingSteps: false },
  { doneBranches: 'none', doneSteps: false, pendingSteps: false },
];

function branches(groups: Map<string, Entry[]>, detail: Detail, options: TreeOptions): string[] {
  const { style } = options;
  const shown = [...groups].filter(
    ([, entries]) =>
      detail.doneBranches !== 'none' ||
      entries.some((entry) => entry.state === 'running' || entry.state === 'failed'),
  );
  return shown.flatMap(([subject, entries], index) => {
    const last = index === shown.length - 1;
    const twig = last ? '└─ ' : '├─ ';
    const ended = entries.every((entry) => entry.state === 'done');
    if (ended && detail.doneBranches === 'line') {
      const seconds = entries.reduce((sum, entry) => sum + entry.seconds, 0);
      const what = `${style.good('✔')} ${subject}: ${counted(entries.length, 'step')}`;
      return [`${style.dim(twig)}${pad(what, TEXT_COLUMNS + 3)} ${style.dim(elapsed(seconds))}`];
    }
    const leaves = leavesOf(entries, detail, options);
    const stem = last ? '   ' : '│  ';
    return [
      `${style.dim(twig)}${style.bold(subject)}`,
      ...leaves.flatMap(([leaf, ...more], i) => {
        const final = i === leaves.length - 1;
        return [
          `${style.dim(`${stem}${final ? '└─ ' : '├─ '}`)}${leaf}`,
          ...more.map((line) => `${style.dim(`${stem}${final ? '   ' : '│  '}`)}${line}`),
        ];
      }),
    ];
  });
}

/** Each leaf is one line, or two. */
function leavesOf(entries: readonly Entry[], detail: Detail, options: TreeOptions): string[][] {
  const hidden = (entry: Entry) =>
    (entry.state === 'done' && !detail.doneSteps) || (entry.state === 'pending' && !detail.pendingSteps);
  const leaves = entries.filter((entry) => !hidden(entry)).map((entry) => leafOf(entry, options));
  const left = entries.filter((entry) => hidden(entry) && entry.state === 'pending').length;
  const over = entries.filter((entry) => hidden(entry) && entry.state === 'done').length;
  if (over + left > 0) {
    const words = [over ? `${over} done` : '', left ? `${left} to come` : ''].filter(Boolean).join(', ');
    leaves.push([options.style.dim(`  ${words}`)]);
  }
  return leaves;
}

/** Wide enough for the longest usual sentence: the times stand below each other. */
const TEXT_COLUMNS = 56;

/** What comes before a leaf: stem and twig. */
const INDENT_COLUMNS = 6;
const MARK_COLUMNS = 2;
/** A blank and what a step takes at most: ` 12m05s`. */
const TIME_COLUMNS = 7;

function leafOf(entry: Entry, { style, now, columns }: TreeOptions): string[] {
  const whole = describe(entry.step);
  const room = Math.max(MARK_COLUMNS, columns - INDENT_COLUMNS - MARK_COLUMNS - TIME_COLUMNS);
  const text = pad(entry.state === 'pending' ? whole : truncate(whole, room), Math.min(TEXT_COLUMNS, room));
  /** What is being waited for, or what went wrong, is what matters most: it gets a line of its own rather than be cut. */
  const withNote = (line: string, note: string, mark: (text: string) => string): string[] => {
    if (note === '') return [line];
    const fits = INDENT_COLUMNS + width(line) + 2 + width(note) <= columns;
    return fits ? [`${line}  ${mark(note)}`] : [line, `  ${mark(note)}`];
  };
  switch (entry.state) {
    case 'pending':
      return [style.dim(`· ${text.trimEnd()}`)];
    case 'done':
      return [`${style.good('✔')} ${text} ${style.dim(elapsed(entry.seconds))}`];
    case 'failed': {
      const line = `${style.bad('✘')} ${text} ${elapsed(entry.seconds)}`;
      return withNote(line, safe(entry.waiting ?? ''), style.bad);
    }
    case 'running': {
      const turn = SPINNER[Math.floor(now / 100) % SPINNER.length]!;
      const line = `${style.warn(turn)} ${text} ${elapsed((now - entry.startedAt) / 1000)}`;
      return withNote(line, safe(entry.waiting ?? ''), style.dim);
    }
  }
}

function warningLines(text: string, { style, columns }: TreeOptions): string[] {
  return wrap(text, columns - 2).map((line, index) => style.warn(`${index === 0 ? '!' : ' '} ${line}`));
}

function topicLines(progress: Progress, { now, style }: TreeOptions): string[] {
  const stepsRun = progress.entries.some((entry) => entry.state !== 'pending');
  return [...progress.topics.values()]
    .filter(({ at }) => now - at < (stepsRun ? 3_000 : TOPIC_MS))
    .map(({ message }) => style.dim(`… ${safe(message)}`));
}

function subjectOf({ step }: Entry): string {
  return subject(step);
}

function subject(step: Step): string {
  switch (step.kind) {
    case 'ensure-network':
    case 'delete-network':
      return 'network';
    case 'reserve-address':
    case 'release-address':
    case 'hand-over':
      return 'API address';
    case 'ensure-balancer':
    case 'set-targets':
    case 'delete-balancer':
      return 'load balancer';
    case 'set-service-nodes':
      return 'Services';
    case 'undo-fault':
      return step.machine ?? 'load balancer';
    case 'clear-drill':
      return 'drill';
    default:
      if ('node' in step) return step.node;
      return 'replica' in step ? step.replica : 'cluster';
  }
}

function groupBy(entries: readonly Entry[], key: (entry: Entry) => string): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(key(entry));
    if (group) group.push(entry);
    else groups.set(key(entry), [entry]);
  }
  return groups;
}
