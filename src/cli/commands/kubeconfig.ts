import type { NewKubeconfig } from '../../app/kubeconfig.ts';
import { type Call, defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Flags } from '../flag.ts';
import * as flags from '../flags.ts';
import { homeOr } from '../home.ts';
import type { Target } from '../kubeconfig/target.ts';
import { safe } from '../output/safe.ts';
import { serialize } from '../output/serialize.ts';
import { table } from '../output/table.ts';

const own = {
  cluster: flags.cluster,
  merge: flags.merge,
  file: flags.file,
  endpoint: flags.endpoint,
  user: flags.user,
  groups: flags.groups,
  ttl: flags.accessTtl,
  breakGlass: flags.breakGlass,
  list: flags.listIssued,
  output: flags.output,
} satisfies Flags;

export const kubeconfig = defineCommand({
  name: 'kubeconfig',
  summary: "print a kubeconfig, an administrator's unless told otherwise; --merge writes it into yours",
  details: `It ends after a day, and is an administrator's by RBAC (the group haup:cluster-admins). What a --group of your own may is for
your own RBAC to say. Its key is nowhere else.`,
  operands: [],
  flags: own,
  examples: [
    'haup kubeconfig -c demo --merge',
    'haup kubeconfig -c demo --file demo.kubeconfig',
    'haup kubeconfig -c demo --user ann --group developers --ttl 8h --file ann.kubeconfig',
    'haup kubeconfig -c demo --list',
  ],

  async run(call) {
    const { cluster, endpoint, list, user, groups = [], ttl: ttlMs, breakGlass } = call.flags;
    if (list) return await printIssued(call);
    if (breakGlass && groups.length > 0)
      throw new UsageError(
        `${call.labels.breakGlass} is a group of its own, which no other can be beside: leave out ${call.labels.groups}`,
      );
    // What cannot be merged into is said before anything slow is done.
    const target = await targetOf(call);
    const engine = await call.engine();
    const made = await engine.kubeconfig(cluster, { endpoint, user, groups, ttlMs, breakGlass });
    call.settle();
    await handOver(call, target, made);
    for (const warning of made.warnings) call.world.err.write(`haup: warning: ${safe(warning)}\n`);
    return 0;
  },
});

type OwnCall = Call<typeof own>;

async function handOver({ world }: OwnCall, target: Target | null, { text }: NewKubeconfig): Promise<void> {
  if (!target) {
    world.out.write(text);
    return;
  }
  const { mergeInto } = await import('../kubeconfig/merge.ts');
  const { context, taken } = await mergeInto(target, text);
  world.out.write(`${safe(target.file)}: the current context is ${context} now\n`);
  if (taken)
    world.out.write(`  ${safe(taken)} is there already, and haup did not write it: it was left as it is\n`);
}

async function targetOf({ flags: { file, merge }, labels, world }: OwnCall): Promise<Target | null> {
  if (!merge && file === undefined) return null;
  if (merge && file !== undefined)
    throw new UsageError(`${labels.merge} and ${labels.file} name two files: leave out one`);
  const { targetFile } = await import('../kubeconfig/target.ts');
  if (file !== undefined) return await targetFile(file, '');
  const variable = world.env.KUBECONFIG;
  return await targetFile(variable, variable ? '' : homeOr(world, 'KUBECONFIG'));
}

async function printIssued(call: OwnCall): Promise<number> {
  const { cluster, output } = call.flags;
  const issued = await (await call.engine()).issuedKubeconfigs(cluster);
  call.settle();
  const { out, err } = call.world;
  if (output !== 'text') out.write(await serialize(issued, output));
  else if (issued.length === 0) err.write('no kubeconfig is valid that haup remembers\n');
  else {
    const rows = issued.map((one) =>
      [one.user, one.groups.join(','), one.issued, one.expires, one.serial].map(safe),
    );
    out.write(`${table([['USER', 'GROUPS', 'ISSUED', 'EXPIRES', 'SERIAL'], ...rows]).join('\n')}\n`);
  }
  return 0;
}
