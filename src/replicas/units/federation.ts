import { shellFile } from '../../util/shell-file.ts';
import { configPath, paths, pkiFolder } from '../paths.ts';
import { users } from '../provision/users.ts';
import { FEDERATION_UNIT, unit } from './names.ts';
import { unitFile } from './unit.ts';

/** A link to the Node.js that is there: the provider's, or the distribution's. */
const NODE_PROGRAM = `${paths.programs}/node`;

/** `haup-federation.service`: the federation's controller, wherever the API server runs; one of them is active, by a lease of its own. */
export function federationUnit({ apiPort }: { readonly apiPort: number }): string {
  return unitFile({
    description: `Federation's controller`,
    after: [unit.apiServer],
    unit: [`PartOf=${unit.apiServer}`],
    wantedBy: unit.apiServer,
    type: 'exec',
    user: users.federation,
    command: `${NODE_PROGRAM} ${configPath('federation.mjs')} https://127.0.0.1:${apiPort} ${pkiFolder}`,
    stopSeconds: 10,
  });
}

/** Shell that makes {@link NODE_PROGRAM}, and has the unit come with the API server. `node`: null: the distribution's is to be had. */
export function finishFederation(node: string | null): string {
  const find =
    node === null
      ? `${shellFile('replicas/scripts/apt.sh')}command -v node >/dev/null || install_packages nodejs >&2\nnode=$(command -v node)`
      : `node=${node}`;
  return [
    find,
    `mkdir -p ${paths.programs}`,
    `ln -sfn "$node" ${NODE_PROGRAM}`,
    `systemctl enable -q ${FEDERATION_UNIT}`,
  ].join('\n');
}
