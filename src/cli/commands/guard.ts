import type { GuardOutcome, Unsaved } from '../../app/guard.ts';
import type { Deed } from '../../cluster/model/guard.ts';
import { type Loopback, type MetricsServer, serveMetrics } from '../../guard/serve-metrics.ts';
import { messageOf } from '../../util/failure.ts';
import { type Call, defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { safe } from '../output/safe.ts';
import { serialize } from '../output/serialize.ts';

const guardFlags = {
  cluster: flags.cluster,
  once: flags.once,
  may: flags.may,
  after: flags.after,
  every: flags.every,
  elsewhere: flags.elsewhere,
  metrics: flags.metrics,
  dryRun: flags.dryRun,
  output: flags.output,
};

export const guard = defineCommand({
  name: 'guard',
  summary: 'keep a cluster well: renew, start, clear NOSPACE, replace what is dead, as far as it may',
  details: `It looks again and again, does at most one thing at a time, and says why; without --may it only says what it would do.
A dead replica is replaced after --after, only if etcd keeps its quorum on all of the way, and not while more than half of its zone is
dead, unless it may go --elsewhere. What failed is tried again, later each time. haup status shows what it did last; --metrics is for
Prometheus. See docs/guard.md and docs/monitoring.md.`,
  operands: [],
  flags: guardFlags,
  examples: [
    'haup guard -c demo --once --dry-run',
    'haup guard -c demo --once --may renew,repair',
    'haup guard -c demo --may renew,repair,clear-nospace,replace --after 10m --metrics 9479',
  ],

  async run(call) {
    const { once, metrics, output } = call.flags;
    if (!once) return keepLooking(call);
    if (metrics) throw new UsageError('--metrics is for a guard that goes on: it cannot be used with --once');
    const outcome = await look(call);
    call.settle();
    const { deed, waits } = outcome;
    call.world.out.write(output === 'text' ? told(call, outcome) : await serialize({ deed, waits }, output));
    return deed?.failed == null ? 0 : 5;
  },
});

type GuardCall = Call<typeof guardFlags>;

async function look({ engine, flags: given }: GuardCall, unsaved?: Unsaved): Promise<GuardOutcome> {
  const { cluster, may = [], after: afterMs, elsewhere = [], metrics, dryRun } = given;
  const wish = { cluster, may, afterMs, elsewhere, dryRun };
  return (await engine()).guard({
    ...wish,
    ...(metrics ? { figures: true } : {}),
    ...(unsaved ? { unsaved } : {}),
  });
}

/** A service outlives what it meets: a cloud that does not answer, a store that cannot be read. */
async function keepLooking(call: GuardCall): Promise<never> {
  const { metrics, cluster, every, dryRun } = call.flags;
  const { metricsText, newTally, withFailedLook, withSeen } = await import('../../guard/metrics.ts');
  let tally = newTally(cluster);
  const server = metrics && (await serve(metrics, () => metricsText(tally)));
  let unsaved: Unsaved | undefined;
  let last = '';
  const say = (what: string): void => {
    // Times go on in it: only another sentence is news.
    const sentence = what.replace(/\d+/g, '');
    if (sentence !== last) call.emit({ type: 'guard', doing: 'waits', what });
    last = sentence;
  };
  try {
    for (;;) {
      try {
        const outcome = await look(call, unsaved);
        const { deed, waits } = outcome;
        unsaved = outcome.unsaved;
        const would = dryRun && deed ? [`would ${saidOf(deed)}`] : [];
        tally = withSeen(tally, { ...outcome, deed: dryRun ? null : deed }, call.world.now());
        say([...would, ...waits].join('; ') || 'all is well');
      } catch (error) {
        call.signal.throwIfAborted();
        tally = withFailedLook(tally);
        say(messageOf(error));
      }
      await call.world.sleep(every * unevenly(), call.signal);
    }
  } finally {
    server?.close();
  }
}

/** So that what comes and goes in step with the looks is not met gone each time. */
function unevenly(): number {
  return 0.7 + 0.6 * Math.random();
}

async function serve(where: Loopback, text: () => string): Promise<MetricsServer> {
  try {
    return await serveMetrics(where, text);
  } catch (cause) {
    throw new UsageError(`--metrics: nothing can be served there: ${messageOf(cause)}`, { cause });
  }
}

function told({ flags: { dryRun } }: GuardCall, { deed, waits }: GuardOutcome): string {
  const verb = dryRun ? 'would' : deed?.failed == null ? 'did' : 'failed at';
  const lines = [...(deed ? [`${verb} ${saidOf(deed)}`] : []), ...waits.map((reason) => `waits: ${reason}`)];
  return `${(lines.length > 0 ? lines : ['all is well']).map(safe).join('\n')}\n`;
}

function saidOf({ duty, replica, reason, failed }: Deed): string {
  const what = `${duty}${replica === null ? '' : ` ${replica}`}: ${reason}`;
  return failed === null ? what : `${what}: ${failed}`;
}
