import { configPath } from '../../replicas/paths.ts';
import { nodeUnitFile } from './unit.ts';

/** `announce-services.service`: see settings/announce-services.ts. */
export function announceServicesUnit(): string {
  return nodeUnitFile({
    description: 'Which Services this node answers for',
    type: 'exec',
    command: `/bin/bash ${configPath('announce-services.sh')}`,
    service: [
      // It reads rules.
      'CapabilityBoundingSet=CAP_NET_ADMIN',
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateTmp=yes',
      'RestrictAddressFamilies=AF_INET AF_NETLINK AF_UNIX',
    ],
  });
}
