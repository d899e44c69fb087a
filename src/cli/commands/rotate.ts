import { ROTATED, type Rotated } from '../../cluster/model/rotated.ts';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';

const ALL = 'all';
const CHOICES: readonly string[] = [...ROTATED, ALL];

export const rotate = defineCommand({
  name: 'rotate',
  summary: 'give authorities and keys successors, without anybody noticing',
  details: `In phases, each one replica at a time, out of the load balancer meanwhile: both are believed; the new one is at work; the old
one is believed no more. Where somebody outside of the masters may have to act (ca: who has a kubeconfig; kubelet-signing: nodes that are
not haup's; service-account: pods with old tokens), it stops before the last of these, haup status says who still uses the old one, and
--finish ends it. Several at once share their phases. See docs/certificates.md.`,
  operands: [
    {
      name: 'WHAT',
      help: `${ROTATED.join(', ')}, or ${ALL}`,
      needed: true,
      many: true,
      choices: CHOICES,
      parse(text) {
        if (CHOICES.includes(text)) return text;
        throw new UsageError(`must be one of ${CHOICES.join(', ')}, not ${JSON.stringify(text)}`);
      },
    },
  ],
  flags: {
    cluster: flags.cluster,
    finishRotation: flags.finishRotation,
    force: flags.forceRotation,
    replace: flags.replaceFirst,
    withoutBackup: flags.withoutBackup,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: [
    'haup rotate -c demo encryption',
    'haup rotate -c demo service-account --dry-run',
    'haup rotate -c demo all',
    'haup rotate -c demo --finish all',
    'haup rotate -c demo --replace demo-master-k2x --finish --force all',
  ],

  async run(call) {
    const { cluster, dryRun, finishRotation, force, withoutBackup, replace = [] } = call.flags;
    const named = new Set(call.operands);
    const what: readonly Rotated[] = named.has(ALL) ? ROTATED : ROTATED.filter((one) => named.has(one));
    const engine = await call.engine();
    const how = { finish: finishRotation, force, withoutBackup, replace: [...new Set(replace)] };
    return finish(call, await engine.rotate({ cluster, what, ...how, dryRun }));
  },
});
