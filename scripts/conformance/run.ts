import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { wantsToBeAlone } from './specs.ts';
import type { Suite } from './suite.ts';

export interface SpecResult {
  readonly name: string;
  /** `not reached`: its process ended before it. */
  readonly state: 'passed' | 'failed' | 'skipped' | 'not reached';
  readonly seconds: number;
  /** Why it failed or was skipped. */
  readonly message: string;
}

export interface RunOptions {
  readonly kubeconfig: string;
  /** An existing folder for reports and logs. */
  readonly folder: string;
  /** How many processes run specs side by side; default 1. */
  readonly parallel?: number;
  /** How many specs a process is given at a time; default 8. */
  readonly chunk?: number;
  readonly signal?: AbortSignal;
  readonly onResult?: (result: SpecResult) => void;
}

/**
 * Runs specs by their names; those that want to be alone come last, alone.
 * Specs that wait use little of a processor, so that several processes help on two.
 */
export async function runSpecs(
  suite: Suite,
  names: readonly string[],
  options: RunOptions,
): Promise<SpecResult[]> {
  const { parallel = 1, chunk = 8, signal } = options;
  const results: SpecResult[] = [];
  const queue = deal(
    names.filter((name) => !wantsToBeAlone(name)),
    chunk,
  );
  let started = 0;
  const next = async (some: readonly string[]): Promise<void> => {
    signal?.throwIfAborted();
    const found = await runTogether(suite, some, ++started, options);
    for (const result of found) options.onResult?.(result);
    results.push(...found);
  };
  const worker = async (): Promise<void> => {
    for (let some = queue.shift(); some; some = queue.shift()) await next(some);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  for (const some of deal(names.filter(wantsToBeAlone), chunk)) await next(some);
  return results;
}

async function runTogether(
  { e2e, kubectl }: Suite,
  names: readonly string[],
  number: number,
  { kubeconfig, folder, signal }: RunOptions,
): Promise<SpecResult[]> {
  const report = join(folder, `${number}.json`);
  const log = await open(join(folder, `${number}.log`), 'w');
  const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  try {
    await rm(report, { force: true });
    await new Promise<void>((resolve, reject) => {
      const child = spawn(
        e2e,
        [
          ...[`--kubeconfig=${kubeconfig}`, `--kubectl-path=${kubectl}`, '--provider=skeleton'],
          ...[
            '--disable-log-dump=true',
            '--ginkgo.no-color',
            '--ginkgo.silence-skips',
            '--ginkgo.timeout=2h',
          ],
          ...[`--ginkgo.focus=(${pattern})$`, `--ginkgo.json-report=${report}`],
        ],
        {
          cwd: folder,
          stdio: ['ignore', log.fd, log.fd],
          ...(signal ? { signal, killSignal: 'SIGTERM' } : {}),
        },
      );
      child.on('error', reject);
      child.on('close', () => resolve());
    });
  } finally {
    await log.close();
  }
  return read(names, await readFile(report, 'utf8').catch(() => '[]'));
}

interface Report {
  readonly SpecReports: readonly {
    readonly ContainerHierarchyTexts: readonly string[] | null;
    readonly LeafNodeText: string;
    readonly State: string;
    /** Nanoseconds. */
    readonly RunTime: number;
    readonly Failure?: {
      readonly Message: string;
      readonly Location?: { FileName: string; LineNumber: number };
    };
  }[];
}

/** Takes the results of these specs out of Ginkgo's report. */
export function read(names: readonly string[], report: string): SpecResult[] {
  const reports = (JSON.parse(report) as Report[]).flatMap(({ SpecReports }) => SpecReports ?? []);
  const byName = new Map(
    reports.map((one) => [[...(one.ContainerHierarchyTexts ?? []), one.LeafNodeText].join(' '), one]),
  );
  return names.map((name): SpecResult => {
    const one = byName.get(name);
    if (!one) return { name, state: 'not reached', seconds: 0, message: '' };
    const { State, RunTime, Failure } = one;
    const at = Failure?.Location ? ` (${Failure.Location.FileName}:${Failure.Location.LineNumber})` : '';
    return {
      name,
      state: State === 'passed' || State === 'skipped' ? State : State === 'pending' ? 'skipped' : 'failed',
      seconds: Math.round(RunTime / 1e8) / 10,
      message: Failure ? `${Failure.Message.trim()}${at}` : '',
    };
  });
}

/** Dealt like cards: specs of one group, which may all be long, go to different processes. */
function deal(names: readonly string[], size: number): string[][] {
  const hands = Array.from({ length: Math.ceil(names.length / size) }, (): string[] => []);
  names.forEach((name, index) => {
    hands[index % hands.length]!.push(name);
  });
  return hands;
}
