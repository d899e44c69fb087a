import { defineCommand } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import * as flags from '../../flags.ts';
import * as values from '../../input/values.ts';
import { zonesFor } from '../../input/zones.ts';
import { finish } from '../../output/finish.ts';
import { backupWish } from '../backup/wish.ts';
import {
  backupFlags,
  machineSettings,
  machinesFlags,
  mastersFlags,
  namingSettings,
  newMasters,
} from '../new-masters.ts';

const REQUEST_TIMEOUT_SECONDS = 60;

const namesFlags = {
  dnsZone: flags.dnsZone,
  dnsProvider: flags.dnsProvider,
  dnsZoneId: flags.dnsZoneId,
  dnsEtcd: flags.dnsEtcd,
  ttl: flags.recordTtl,
};
const NAMES = Object.keys(namesFlags) as readonly (keyof typeof namesFlags)[];

export const federationInit = defineCommand({
  name: 'federation init',
  summary: 'make a federation: a control plane that keeps objects for its member clusters',
  details: `It is grown, replaced, upgraded, backed up and looked at like every cluster, by its name (-c NAME). Done again it finishes
what was interrupted, and takes other settings of the names: all of them, where any is said. See docs/federation.md.`,
  operands: [
    { name: 'NAME', help: 'the federation', needed: true, isCluster: true, parse: values.clusterName },
  ],
  flags: {
    ...namesFlags,
    ...mastersFlags,
    ...machinesFlags,
    ...backupFlags,
    dryRun: flags.dryRun,
    output: flags.output,
  },
  examples: [
    'haup federation init world --dns-zone example.com. --dns-provider coredns --dns-etcd https://10.0.0.5:2379',
    'haup federation init world --multizone --zones local-a,local-b,local-c --dns-zone example.com. --dns-provider route53',
  ],

  async run(call) {
    const { flags: given } = call;
    const name = call.operands[0]!;
    if (given.dnsProvider !== 'none' && given.dnsZone === undefined)
      throw new UsageError('--dns-zone is missing: the zone in which the names are to be');
    if (given.dnsProvider === 'coredns' && given.dnsEtcd === undefined)
      throw new UsageError(
        '--dns-etcd is missing: the etcd that CoreDNS answers out of (docs/federation-dns.md)',
      );
    const zones = zonesFor(given, call.sources, call.labels);
    const engine = await call.engine();
    const outcome = await namingSettings(call.labels, () =>
      engine.initFederation({
        name,
        ...newMasters(given),
        zones,
        requestTimeoutSeconds: REQUEST_TIMEOUT_SECONDS,
        nodeZones: [],
        clusterCidr: undefined,
        serviceCidr: undefined,
        cni: 'none',
        images: [],
        addons: [],
        nodeLabels: {},
        nodeTaints: [],
        settings: { ...machineSettings(given), nodeMachineType: undefined, nodeDiskSizeGb: undefined },
        backup: backupWish(given),
        names: {
          settings: {
            domain: given.dnsZone ?? '',
            ttl: given.ttl,
            dnsProvider: given.dnsProvider,
            dns: dnsOptions(given),
          },
          keeps: NAMES.every((flag) => call.sources[flag] === 'default'),
        },
        dryRun: given.dryRun,
      }),
    );
    const { output } = given;
    return finish({ ...call, flags: { cluster: name, output } }, outcome);
  },
});

/** What the writer of records is told besides the zone (federation/dns/target.ts). */
function dnsOptions({ dnsProvider, dnsZoneId, dnsEtcd }: DnsFlags): Readonly<Record<string, unknown>> {
  if (dnsProvider === 'coredns') return { endpoints: dnsEtcd };
  if (dnsZoneId === undefined) return {};
  return dnsProvider === 'route53' ? { zoneId: dnsZoneId } : { zoneName: dnsZoneId };
}

interface DnsFlags {
  readonly dnsProvider: string;
  readonly dnsZoneId: string | undefined;
  readonly dnsEtcd: readonly string[] | undefined;
}
