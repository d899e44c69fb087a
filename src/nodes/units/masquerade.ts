import { configPath } from '../../replicas/paths.ts';
import { nodeUnitFile } from './unit.ts';

/** `pod-masquerade.service`: see settings/masquerade.ts. */
export function masqueradeUnit(): string {
  return nodeUnitFile({
    description: "The way out of the cluster for pods' packets",
    type: 'oneshot',
    command: `nft -f ${configPath('masquerade.nft')}`,
  });
}
