import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DrillOutcome } from '../../app/drill.ts';
import type { SealedReport } from '../../drill/seal.ts';
import { messageOf } from '../../util/failure.ts';
import { replaceFile } from '../../util/files.ts';
import { type Call, defineCommand } from '../command.ts';
import { confirmedByName } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { isGood, renderDrillPlan, renderDrillReport } from '../output/drill.ts';
import { safe, safeAll } from '../output/safe.ts';
import { serialize } from '../output/serialize.ts';
import { style } from '../output/style.ts';
import { filesOf } from '../report/record.ts';

const drillFlags = {
  cluster: flags.cluster,
  acts: flags.acts,
  hold: flags.hold,
  goals: flags.goals,
  workload: flags.workload,
  report: flags.report,
  check: flags.check,
  yes: flags.yes,
  dryRun: flags.dryRun,
  output: flags.output,
};

export const drill = defineCommand({
  name: 'drill',
  summary: 'break things on purpose, one after the other, and report what clients met',
  details: `Every act is first proven to be survived, else nothing is done. Between two acts everything gets well again. Clients read,
write, watch, keep connections and ask what runs on the nodes meanwhile; what they met is a page for people and the same in JSON,
signed. A drill that is killed is undone by haup repair. Freezer and network cable are the local provider's; on the clouds instances are stopped.
See docs/drill.md.`,
  operands: [],
  flags: drillFlags,
  examples: [
    'haup drill -c demo --dry-run',
    'haup drill -c demo --acts leader-power,freeze --for 20s --goal writes-resume=3s --yes',
  ],

  async run(call) {
    const { cluster, acts, hold, goals = [], workload, dryRun, check, yes, output } = call.flags;
    if (check !== undefined) return checkReport(call, check);
    const unmet = goals.find(({ act }) => act !== null && !acts.includes(act));
    if (unmet)
      throw new UsageError(
        `--goal ${unmet.act}:${unmet.goal}: ${unmet.act} is not played; --acts names ${acts.join(',')}`,
      );
    if (!yes && !dryRun && !call.world.interactive)
      throw new UsageError('--yes is missing: there is no terminal to ask on whether to break things');
    if (!dryRun) await checkPlace(call.flags.report ?? 'report.html');
    const engine = await call.engine();
    const request = { cluster, acts, holdMs: hold, goals, workload, dryRun: true };
    if (dryRun) return finishPlan(call, await engine.drill(request));
    if (!yes) {
      const { planned } = await engine.drill(request);
      const lines = renderDrillPlan(cluster, planned, style(call.world.err));
      const question = `${lines.join('\n')}\nThis breaks ${cluster} on purpose. Type its name to go on: `;
      if (!(await confirmedByName(call, cluster, question, 'done'))) return 1;
    }
    const { report } = await engine.drill({ ...request, dryRun: false });
    call.settle();
    const files = await write(report!, call.flags.report ?? nameOf(report!));
    const { out } = call.world;
    out.write(
      output === 'text'
        ? `${[...renderDrillReport(report!, style(out)), `report: ${files.map(safe).join(', ')}`].join('\n')}\n`
        : await serialize({ figures: report!.figures, goals: report!.goals, files }, output),
    );
    return isGood(report!) ? 0 : 5;
  },
});

type DrillCall = Call<typeof drillFlags>;

async function finishPlan(call: DrillCall, { planned }: DrillOutcome): Promise<number> {
  call.settle();
  const { out } = call.world;
  const { cluster, output } = call.flags;
  out.write(
    output === 'text'
      ? `${renderDrillPlan(cluster, planned, style(out)).join('\n')}\n`
      : await serialize({ acts: planned }, output),
  );
  return planned.some(({ refused }) => refused !== null) ? 3 : 0;
}

function nameOf({ log }: SealedReport): string {
  return `${log.cluster}-drill-${log.began.slice(0, 16).replace(':', '')}.html`;
}

/** What cannot be written would be lost with all that was seen. @throws UsageError */
async function checkPlace(page: string): Promise<void> {
  const folder = dirname(page);
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`--report: nothing can be written in ${folder}: ${messageOf(cause)}`, { cause });
  }
  for (const file of filesOf(page)) {
    const found = await stat(file).catch(() => null);
    if (found?.isDirectory()) throw new UsageError(`--report: ${file} is a folder`);
  }
}

/** The page, and the same for programs beside it. */
async function write(report: SealedReport, page: string): Promise<string[]> {
  const [html, json] = filesOf(page);
  const { drillPage } = await import('../../drill/page/page.ts');
  await replaceFile(html, drillPage(report), { mode: 0o644 });
  await replaceFile(json, `${JSON.stringify(report)}\n`, { mode: 0o644 });
  return [html, json];
}

/** @throws SealError when it is not what was signed. */
async function checkReport(call: DrillCall, path: string): Promise<number> {
  const { fingerprint, unseal } = await import('../../drill/seal.ts');
  const { seal, ...said } = unseal(await readFile(path, 'utf8'));
  const report = safeAll({ ...said, seal });
  const { log } = report;
  const engine = await call.engine();
  const known = await engine.drillKey(log.cluster);
  call.settle();
  const { out } = call.world;
  const paint = style(out);
  const whose =
    known === null
      ? paint.warn(`the store knows no key of ${log.cluster}: compare the fingerprint with who sent it`)
      : known === seal.publicKey
        ? paint.good(`signed with the key of ${log.cluster} in this store, and unchanged since`)
        : paint.bad(`signed with another key than that of ${log.cluster} in this store`);
  const when = `${log.began}, haup ${log.haup}, Kubernetes ${log.kubernetesVersion} on ${log.provider}`;
  const lines = [...renderDrillReport(report, paint), when, `key ${fingerprint(seal.publicKey)}`, whose];
  out.write(`${lines.join('\n')}\n`);
  return known !== null && known !== seal.publicKey ? 5 : 0;
}
