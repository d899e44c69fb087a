import type { Duty } from '../../cluster/model/guard.ts';
import { BusyError } from '../../state/errors.ts';
import { messageOf } from '../../util/failure.ts';
import { type Call, defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { safe } from '../output/safe.ts';
import { serialize } from '../output/serialize.ts';

const guardFlags = {
  cluster: flags.cluster,
  once: flags.once,
  may: flags.may,
  after: flags.after,
  every: flags.every,
  dryRun: flags.dryRun,
  output: flags.output,
};

export const guard = defineCommand({
  name: 'guard',
  summary: 'keep a cluster well: renew, start, clear NOSPACE, replace what is dead, as far as it may',
  details: `It looks again and again, does at most one thing at a time, and says why; without --may it only says what it would do.
A dead replica is replaced after --after, only if etcd keeps its quorum on all of the way, and not while more than half of its zone is
dead. What failed is tried again, later each time. haup status shows what it did last. See docs/guard.md.`,
  operands: [],
  flags: guardFlags,
  examples: [
    'haup guard -c demo --once --dry-run',
    'haup guard -c demo --once --may renew,repair',
    'haup guard -c demo --may renew,repair,clear-nospace,replace --after 10m',
  ],

  async run(call) {
    if (call.flags.once) {
      const { done, good } = await look(call);
      call.settle();
      const { out } = call.world;
      out.write(call.flags.output === 'text' ? done.text : await serialize(done.document, call.flags.output));
      return good ? 0 : 5;
    }
    let last = '';
    for (;;) {
      const said = await look(call).then(
        ({ waits }) => waits.join('; ') || 'all is well',
        failed(call.signal),
      );
      // Times go on in it: only another sentence is news.
      const sentence = said.replace(/\d+/g, '');
      if (sentence !== last) call.emit({ type: 'guard', doing: 'waits', what: said });
      last = sentence;
      await call.world.sleep(call.flags.every, call.signal);
    }
  },
});

type GuardCall = Call<typeof guardFlags>;

async function look({ engine, flags: { cluster, may = [], after, dryRun } }: GuardCall) {
  const { deed, waits } = await (await engine()).guard({ cluster, may, afterMs: after, dryRun });
  const verb = dryRun ? 'would' : deed?.failed == null ? 'did' : 'failed at';
  const lines = [...(deed ? [`${verb} ${saidOf(deed)}`] : []), ...waits.map((reason) => `waits: ${reason}`)];
  const text = `${(lines.length > 0 ? lines : ['all is well']).map(safe).join('\n')}\n`;
  return { done: { text, document: { deed, waits } }, waits, good: deed?.failed == null };
}

function saidOf(deed: {
  readonly duty: Duty;
  readonly replica: string | null;
  readonly reason: string;
  readonly failed: string | null;
}): string {
  const what = `${deed.duty}${deed.replica === null ? '' : ` ${deed.replica}`}: ${deed.reason}`;
  return deed.failed === null ? what : `${what}: ${deed.failed}`;
}

/** A service outlives what it meets: another haup at work, a cloud that does not answer. */
function failed(signal: AbortSignal): (error: unknown) => string {
  return (error) => {
    signal.throwIfAborted();
    return error instanceof BusyError ? `another haup is at work: ${messageOf(error)}` : messageOf(error);
  };
}
