import type {
  Change,
  ResourceRecordSet as CloudSet,
  ListResourceRecordSetsRequest,
  ListResourceRecordSetsResponse,
  Route53Client,
  Route53ClientConfig,
} from '@aws-sdk/client-route-53';
import { type Clock, systemClock } from '../../../util/clock.ts';
import { once } from '../../../util/once.ts';
import { waitFor } from '../../../util/wait.ts';
import { batches, countOf } from '../batches.ts';
import { canonical } from '../desired.ts';
import { DnsError } from '../errors.ts';
import { paced } from '../patience.ts';
import { differenceOf, type NameChange, type RecordSet } from '../records.ts';
import { quoted, unquoted } from '../text.ts';
import type { DnsWriter } from '../writer.ts';
import { isLater, route53Error } from './errors.ts';

export interface Route53Options {
  /** The zone's name, with its final dot. */
  readonly domain: string;
  /** Its id; absent: the account's one public zone of this name. */
  readonly zoneId?: string | undefined;
  readonly clock?: Clock;
  /** Over the SDK's own chain; tests give their cloud and its credentials. */
  readonly client?: Pick<Route53ClientConfig, 'endpoint' | 'credentials'>;
}

/** Of one request: values of records, and their characters (Route 53 API Reference, ChangeResourceRecordSets). */
const LIMITS = { values: 1_000, characters: 32_000 };
/** Five requests a second for an account (Route 53 Developer Guide, Quotas), of which others may need some. */
const EVERY_MS = 250;
const PAGE = 300;
/** A change is everywhere within 60 s as a rule; while the service has trouble it takes longer. */
const SETTLED_MS = 10 * 60_000;

/** A hosted zone of Route 53. A batch is carried out whole or not at all, and only if each record that it deletes is exactly there. */
export function route53Writer(options: Route53Options): DnsWriter {
  const { domain, clock = systemClock } = options;
  const pace = paced({ clock, everyMs: EVERY_MS, isLater });
  let opened: Route53Client | undefined;
  let last: string | undefined;

  const sdk = once(() => import('@aws-sdk/client-route-53'));
  const client = once(async () => {
    const { Route53Client } = await sdk();
    opened = new Route53Client({
      // The service is one for all regions, and signs as this one; the environment may name none.
      region: 'us-east-1',
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
      ...options.client,
    });
    return opened;
  });
  const call = <T>(action: string, send: (at: Route53Client) => Promise<T>): Promise<T> =>
    pace(async () => send(await client())).catch((error: unknown) => {
      throw route53Error(error, action);
    });

  const zone = once(async (): Promise<string> => {
    const { GetHostedZoneCommand, ListHostedZonesByNameCommand } = await sdk();
    if (options.zoneId) {
      const Id = options.zoneId;
      const { HostedZone } = await call('GetHostedZone', (at) => at.send(new GetHostedZoneCommand({ Id })));
      if (HostedZone?.Name === domain) return bare(HostedZone.Id);
      throw new DnsError(
        'not-ours',
        `the hosted zone ${Id} is that of ${HostedZone?.Name}, not of ${domain}`,
      );
    }
    const { HostedZones = [] } = await call('ListHostedZonesByName', (at) =>
      at.send(new ListHostedZonesByNameCommand({ DNSName: domain, MaxItems: 100 })),
    );
    const found = HostedZones.filter(({ Name, Config }) => Name === domain && !Config?.PrivateZone);
    if (found.length === 1) return bare(found[0]!.Id);
    if (found.length === 0)
      throw new DnsError('no-zone', `this account has no public hosted zone ${domain}`, {
        advice: 'make it and have it delegated first; a private zone is named by its id',
      });
    const ids = found.map(({ Id }) => bare(Id)).join(', ');
    throw new DnsError(
      'invalid',
      `this account has ${found.length} hosted zones ${domain}: name one of ${ids}`,
    );
  });

  return {
    async read() {
      const HostedZoneId = await zone();
      const { ListResourceRecordSetsCommand } = await sdk();
      const sets: RecordSet[] = [];
      let from: Partial<ListResourceRecordSetsRequest> | null = {};
      while (from) {
        const input: ListResourceRecordSetsRequest = { HostedZoneId, MaxItems: PAGE, ...from };
        const page: ListResourceRecordSetsResponse = await call('ListResourceRecordSets', (at) =>
          at.send(new ListResourceRecordSetsCommand(input)),
        );
        sets.push(...(page.ResourceRecordSets ?? []).map(fromCloud));
        from = page.IsTruncated
          ? {
              StartRecordName: page.NextRecordName,
              StartRecordType: page.NextRecordType,
              StartRecordIdentifier: page.NextRecordIdentifier,
            }
          : null;
      }
      return sets;
    },
    async apply(changes) {
      const HostedZoneId = await zone();
      const { ChangeResourceRecordSetsCommand } = await sdk();
      for (const batch of batches(changes, countOf, LIMITS)) {
        const ChangeBatch = { Changes: changesOf(batch) };
        const { ChangeInfo } = await call('ChangeResourceRecordSets', (at) =>
          at.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch })),
        );
        last = bare(ChangeInfo?.Id);
      }
    },
    async settled(signal) {
      const Id = last;
      if (!Id) return;
      const { GetChangeCommand } = await sdk();
      // Of the last one: a zone's changes are made in their order.
      await waitFor(
        async () => {
          const { ChangeInfo } = await call('GetChange', (at) => at.send(new GetChangeCommand({ Id })));
          return ChangeInfo?.Status === 'INSYNC' ? true : undefined;
        },
        {
          ...{ what: `Route 53's name servers to have the change ${Id}`, timeoutMs: SETTLED_MS },
          ...{ intervalMs: 2_000, maxIntervalMs: 10_000, clock, signal },
        },
      );
    },
    close: () => opened?.destroy(),
  };
}

/** Deletes before creates: each with all of its values, as the service demands. Never UPSERT, which asks nothing. */
function changesOf(batch: readonly NameChange[]): Change[] {
  const differences = batch.map(differenceOf);
  return [
    ...differences.flatMap(({ removed }) =>
      removed.map((set) => ({ Action: 'DELETE' as const, ResourceRecordSet: toCloud(set) })),
    ),
    ...differences.flatMap(({ added }) =>
      added.map((set) => ({ Action: 'CREATE' as const, ResourceRecordSet: toCloud(set) })),
    ),
  ];
}

function toCloud({ name, type, ttl, values }: RecordSet): CloudSet {
  const Value = (value: string) => ({ Value: type === 'TXT' ? quoted(value) : value });
  return { Name: name, Type: type as 'A', TTL: ttl, ResourceRecords: values.map(Value) };
}

function fromCloud(set: CloudSet): RecordSet {
  const type = set.Type ?? '';
  const special = specialOf(set);
  const values = (set.ResourceRecords ?? []).map(({ Value = '' }) => plain(type, Value));
  return {
    name: (set.Name ?? '').toLowerCase(),
    type,
    ttl: set.TTL ?? 0,
    values: values.sort(),
    ...(special ? { special } : {}),
  };
}

function specialOf({ AliasTarget, SetIdentifier }: CloudSet): string | null {
  if (AliasTarget) return `alias of ${AliasTarget.DNSName}`;
  return SetIdentifier === undefined ? null : `routing policy ${SetIdentifier}`;
}

function plain(type: string, value: string): string {
  if (type === 'TXT') return unquoted(value);
  if (type === 'AAAA') return canonical(value)[0] ?? value;
  if (type === 'CNAME') return (value.endsWith('.') ? value : `${value}.`).toLowerCase();
  return value;
}

/** "/hostedzone/Z1" and "/change/C1" are how the service answers; both forms are taken. */
function bare(id: string | undefined): string {
  return (id ?? '').split('/').at(-1)!;
}
