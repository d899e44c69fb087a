import { defineCommand } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import * as flags from '../../flags.ts';
import * as values from '../../input/values.ts';
import { zonesFor } from '../../input/zones.ts';
import { finish } from '../../output/finish.ts';
import { backupWish } from '../backup/wish.ts';

export const federationInit = defineCommand({
  name: 'federation init',
  summary: 'make a federation: a control plane that keeps objects for its member clusters',
  details: `It is grown, replaced, upgraded, backed up and looked at like every cluster, by its name (-c NAME). Done again it finishes
what was interrupted, and takes other settings of the names. See docs/federation.md.`,
  operands: [{ name: 'NAME', help: 'the federation', needed: true, parse: values.clusterName }],
  flags: {
    dnsZone: flags.dnsZone,
    dnsProvider: flags.dnsProvider,
    dnsZoneId: flags.dnsZoneId,
    dnsEtcd: flags.dnsEtcd,
    ttl: flags.recordTtl,
    provider: flags.provider,
    zone: flags.zone,
    zones: flags.zones,
    replicas: flags.replicas,
    multizone: flags.multizone,
    region: flags.region,
    balancer: flags.balancer,
    kubernetesVersion: flags.kubernetesVersion,
    etcdVersion: flags.etcdVersion,
    apiPort: flags.apiPort,
    project: flags.project,
    machineType: flags.machineType,
    diskSize: flags.diskSize,
    diskType: flags.diskType,
    image: flags.image,
    network: flags.network,
    subnets: flags.subnets,
    allowFrom: flags.allowFrom,
    sshFrom: flags.sshFrom,
    backupTo: flags.backupTo,
    backupEvery: flags.backupEvery,
    backupKeep: flags.backupKeep,
    backupCredentials: flags.backupCredentials,
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
    const outcome = await engine.initFederation({
      name,
      provider: given.provider,
      zones,
      region: given.region,
      multizone: given.multizone,
      kubernetesVersion: given.kubernetesVersion,
      etcdVersion: given.etcdVersion,
      apiPort: given.apiPort,
      requestTimeoutSeconds: 60,
      balancer: given.balancer,
      nodeZones: [],
      clusterCidr: undefined,
      serviceCidr: undefined,
      cni: 'none',
      images: [],
      addons: [],
      nodeLabels: {},
      nodeTaints: [],
      settings: {
        project: given.project,
        machineType: given.machineType,
        diskSizeGb: given.diskSize,
        diskType: given.diskType,
        image: given.image,
        network: given.network,
        subnets: given.subnets,
        allowFrom: given.allowFrom,
        sshFrom: given.sshFrom,
        nodeMachineType: undefined,
        nodeDiskSizeGb: undefined,
      },
      backup: backupWish(given),
      federationSettings: {
        domain: given.dnsZone ?? '',
        ttl: given.ttl,
        dnsProvider: given.dnsProvider,
        dns: dnsOptions(given),
      },
      dryRun: given.dryRun,
    });
    return finish(withCluster(call, name), outcome);
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

/** A call whose cluster is the operand. */
function withCluster<C extends { readonly flags: { readonly output: 'text' | 'json' | 'yaml' } }>(
  call: C,
  cluster: string,
) {
  return { ...call, flags: { cluster, output: call.flags.output } };
}
