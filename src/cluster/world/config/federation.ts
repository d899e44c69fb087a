import { readFile } from 'node:fs/promises';
import { NODE_RUNTIME } from '../../../artifacts/node-runtime.ts';
import type { FederationParts } from '../../../replicas/config.ts';
import { packageRoot } from '../../../util/package-root.ts';
import type { FileTools } from '../tools.ts';

/** Built of src/federation/controller, together with the command. */
const PROGRAM = `${packageRoot}dist/cli/federation.mjs`;

/** What a federation's masters have besides; undefined: it is none. */
export async function federationParts(
  t: Pick<FileTools, 'memory' | 'provider'>,
): Promise<FederationParts | undefined> {
  if (!t.memory.spec.federation) return undefined;
  const { binaries } = t.provider;
  return {
    program: await readFile(PROGRAM, 'utf8'),
    node: binaries.kind === 'mounted' ? `${binaries.releases}/${NODE_RUNTIME}` : null,
  };
}
