import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';

export const apply = defineCommand({
  name: 'apply',
  summary: 'make the masters what a document says',
  details: `Versions, the API servers' request timeout and further arguments of each component, replica by replica as with haup upgrade.
What the document does not mention stays. An argument that haup sets itself is refused, and so is one that the installed program does
not know. --dry-run shows what differs, and the plan. Applied twice, it does nothing. docs/cluster.schema.json says what may be in it.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    filename: flags.documentFile,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup apply -c demo -f demo.yaml --dry-run', 'haup apply -c demo -f demo.yaml'],

  async run(call) {
    const { cluster, filename, dryRun } = call.flags;
    if (filename === undefined) throw new UsageError('--filename is missing: the document to apply');
    const document = await read(filename);
    const engine = await call.engine();
    return finish(call, await engine.apply({ cluster, document, dryRun }));
  },
});

async function read(path: string): Promise<unknown> {
  const text = await readFile(path === '-' ? '/dev/stdin' : path, 'utf8');
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${path} is no YAML: ${(error as Error).message.split('\n')[0]}`);
  }
}
