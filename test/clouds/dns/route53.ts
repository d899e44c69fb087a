import { text } from 'node:stream/consumers';
import type { Clock } from '../../../src/util/clock.ts';
import { type Listening, listen } from '../../support/listen.ts';

export interface CloudSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
  readonly alias?: string;
  readonly identifier?: string;
}

/**
 * The part of Route 53 that haup uses, with its rules (Route 53 API Reference and Developer Guide, "Quotas"; each is cited where it is
 * enforced). Time is the test's: a change is everywhere 60 s after it was accepted.
 */
export class Route53Cloud {
  readonly zones = new Map<string, { name: string; isPrivate: boolean; sets: CloudSet[] }>();
  readonly calls: string[] = [];
  /** Names of actions that are not permitted. */
  denied = new Set<string>();
  /** The next answers are lost after they were carried out. */
  lost = 0;
  listsMessages = false;
  /** Requests that are turned away before one is let in. */
  busy = 0;
  private readonly changes = new Map<string, number>();
  private readonly at: number[] = [];
  private readonly clock: Clock;
  private server: Listening | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async start(): Promise<void> {
    this.server = await listen(async (request, response) => {
      const { method = '', url = '', headers } = request;
      const asked = await text(request);
      const { status, body } = this.answer(
        method,
        new URL(url, 'http://cloud'),
        asked,
        headers.authorization,
      );
      if (status === 200 && method === 'POST' && this.lost > 0) {
        this.lost--;
        request.socket.destroy();
        return;
      }
      response.writeHead(status, { 'content-type': 'text/xml' });
      response.end(`<?xml version="1.0"?>${body}`);
    });
  }

  get url(): string {
    return this.server!.url;
  }

  async stop(): Promise<void> {
    await this.server?.close();
  }

  private answer(method: string, url: URL, body: string, authorization = '') {
    const path = url.pathname.replace('/2013-04-01/', '');
    try {
      if (!authorization.includes('Credential=GOOD/'))
        refuse('InvalidClientTokenId', 'The security token included in the request is invalid', 403);
      // "Five requests per second per AWS account": HTTP 400, code Throttling (Quotas, "Maximums on API requests").
      const now = this.clock.now();
      const recent = this.at.filter((time) => now - time < 1000);
      if (recent.length >= 5 || this.busy > 0) {
        this.busy--;
        this.calls.push('throttled');
        refuse('Throttling', 'Rate exceeded');
      }
      this.at.push(now);
      return { status: 200, body: this.carryOut(method, path, url.searchParams, body) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const messages = error.messages.map((one) => `<Message>${escaped(one)}</Message>`).join('');
      const several = escaped(
        error.messages.length > 1 || error.code === 'InvalidChangeBatch'
          ? `[${error.messages.join(', ')}]`
          : error.messages[0]!,
      );
      // Today's form, and the one with a list of messages that the API Reference shows (ChangeResourceRecordSets, Errors).
      const xml =
        error.code === 'InvalidChangeBatch' && this.listsMessages
          ? `<InvalidChangeBatch xmlns="${NAMESPACE}"><Messages>${messages}</Messages><RequestId>r</RequestId></InvalidChangeBatch>`
          : `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${error.code}</Code><Message>${several}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
      return { status: error.status, body: xml };
    }
  }

  private carryOut(method: string, path: string, query: URLSearchParams, body: string): string {
    const [, zoneId = ''] = /^hostedzone\/([A-Z0-9]+)/.exec(path) ?? [];
    if (path === 'hostedzonesbyname') return this.zonesByName(query);
    if (path.startsWith('change/')) return this.change(path.slice('change/'.length));
    const action =
      method === 'POST'
        ? 'ChangeResourceRecordSets'
        : path.endsWith('/rrset')
          ? 'ListResourceRecordSets'
          : 'GetHostedZone';
    this.permit(action, zoneId);
    const zone = this.zones.get(zoneId);
    if (!zone) throw new Refusal('NoSuchHostedZone', [`No hosted zone found with ID: ${zoneId}`], 404);
    if (action === 'GetHostedZone')
      return `<GetHostedZoneResponse xmlns="${NAMESPACE}">${zoneXml(zoneId, zone)}</GetHostedZoneResponse>`;
    if (action === 'ListResourceRecordSets') return this.list(zone.sets, query);
    return this.batch(zone, body);
  }

  private permit(action: string, what: string): void {
    this.calls.push(action);
    if (this.denied.has(action))
      refuse(
        'AccessDenied',
        `User: u is not authorized to perform: route53:${action} on resource: ${what}`,
        403,
      );
  }

  private zonesByName(query: URLSearchParams): string {
    this.permit('ListHostedZonesByName', '*');
    // From the name given on, in the order of names (API Reference, ListHostedZonesByName).
    const from = reversed(query.get('dnsname') ?? '');
    const all = [...this.zones].filter(([, { name }]) => reversed(name) >= from);
    const sorted = all.sort(([, a], [, b]) => (reversed(a.name) < reversed(b.name) ? -1 : 1));
    const xml = sorted.map(([id, zone]) => zoneXml(id, zone)).join('');
    return `<ListHostedZonesByNameResponse xmlns="${NAMESPACE}"><HostedZones>${xml}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`;
  }

  private change(id: string): string {
    this.permit('GetChange', id);
    const at = this.changes.get(id);
    if (at === undefined) throw new Refusal('NoSuchChange', [`no change ${id}`], 404);
    const status = this.clock.now() - at >= 60_000 ? 'INSYNC' : 'PENDING';
    return `<GetChangeResponse xmlns="${NAMESPACE}">${changeXml(id, status)}</GetChangeResponse>`;
  }

  /** Sorted by the reversed labels of the name, then by type; 300 at most; begins at name, type and identifier (ListResourceRecordSets). */
  private list(sets: readonly CloudSet[], query: URLSearchParams): string {
    const key = (set: Pick<CloudSet, 'name' | 'type' | 'identifier'>) =>
      [reversed(set.name), set.type, set.identifier ?? ''].join('\0');
    const sorted = [...sets].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    const from = query.get('name');
    const start = from
      ? key({ name: from, type: query.get('type') ?? '', identifier: query.get('identifier') ?? '' })
      : '';
    const rest = sorted.filter((set) => key(set) >= start);
    const most = Math.min(Number(query.get('maxitems') ?? 300), 300);
    const [page, next] = [rest.slice(0, most), rest[most]];
    const more = next
      ? `<NextRecordName>${next.name}</NextRecordName><NextRecordType>${next.type}</NextRecordType>${next.identifier ? `<NextRecordIdentifier>${next.identifier}</NextRecordIdentifier>` : ''}`
      : '';
    return `<ListResourceRecordSetsResponse xmlns="${NAMESPACE}"><ResourceRecordSets>${page.map(setXml).join('')}</ResourceRecordSets><IsTruncated>${next !== undefined}</IsTruncated>${more}<MaxItems>${most}</MaxItems></ListResourceRecordSetsResponse>`;
  }

  /** All changes or none, in their order (ChangeResourceRecordSets, "Change Batches and Transactional Changes"). */
  private batch(zone: { name: string; sets: CloudSet[] }, body: string): string {
    const changes = [...body.matchAll(/<Change>(.*?)<\/Change>/gs)].map(([, xml = '']) => ({
      action: tag(xml, 'Action'),
      set: {
        name: tag(xml, 'Name').toLowerCase(),
        type: tag(xml, 'Type'),
        ttl: Number(tag(xml, 'TTL')),
        values: [...xml.matchAll(/<Value>(.*?)<\/Value>/gs)].map(([, value = '']) => unescaped(value)),
      } satisfies CloudSet,
    }));
    const values = changes.flatMap(({ set }) => set.values);
    // "1,000 ResourceRecord elements", "32,000 characters" in all Value elements of a request (Quotas).
    if (values.length > 1000)
      throw new Refusal('InvalidChangeBatch', ['Number of records limit of 1000 exceeded.']);
    if (values.join('').length > 32_000)
      throw new Refusal('InvalidChangeBatch', ['Number of characters limit of 32000 exceeded.']);
    let sets = [...zone.sets];
    const messages: string[] = [];
    for (const { action, set } of changes) {
      const what = `[name='${set.name}', type='${set.type}']`;
      const there = sets.find(
        ({ name, type, identifier }) => name === set.name && type === set.type && !identifier,
      );
      if (set.name !== zone.name && !set.name.endsWith(`.${zone.name}`))
        messages.push(`RRSet with DNS name ${set.name} is not permitted in zone ${zone.name}`);
      else if (action === 'DELETE') {
        // "To delete a resource record set, you must specify all the same values" as it has.
        if (!there) messages.push(`Tried to delete resource record set ${what} but it was not found`);
        else if (there.ttl !== set.ttl || [...there.values].sort().join() !== [...set.values].sort().join())
          messages.push(
            `Tried to delete resource record set ${what} but the values provided do not match the current values`,
          );
        else sets = sets.filter((one) => one !== there);
      } else if (there || sets.some(({ name, type }) => name === set.name && type === set.type)) {
        messages.push(`Tried to create resource record set ${what} but it already exists`);
      } else if (
        sets.some(({ name, type }) => name === set.name && (type === 'CNAME' || set.type === 'CNAME'))
      ) {
        // A CNAME has no other record beside it (Developer Guide, "Supported DNS record types", CNAME).
        messages.push(
          `RRSet of type ${set.type} with DNS name ${set.name} is not permitted as it conflicts with other records with the same DNS name in zone ${zone.name}`,
        );
      } else {
        if (set.type === 'TXT' && set.values.some((value) => !/^"[^"]*"$/.test(value)))
          messages.push(
            `Invalid Resource Record: FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with '${set.values}'`,
          );
        sets.push(set);
      }
    }
    if (messages.length > 0) throw new Refusal('InvalidChangeBatch', messages);
    zone.sets = sets;
    const id = `C${this.changes.size + 1}`;
    this.changes.set(id, this.clock.now());
    return `<ChangeResourceRecordSetsResponse xmlns="${NAMESPACE}">${changeXml(id, 'PENDING')}</ChangeResourceRecordSetsResponse>`;
  }
}

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

class Refusal extends Error {
  readonly code: string;
  readonly messages: readonly string[];
  readonly status: number;

  constructor(code: string, messages: readonly string[], status = 400) {
    super(code);
    this.code = code;
    this.messages = messages;
    this.status = status;
  }
}

function refuse(code: string, message: string, status = 400): never {
  throw new Refusal(code, [message], status);
}

function zoneXml(id: string, { name, isPrivate }: { name: string; isPrivate: boolean }): string {
  return `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}</Name><CallerReference>r</CallerReference><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;
}

function changeXml(id: string, status: string): string {
  return `<ChangeInfo><Id>/change/${id}</Id><Status>${status}</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo>`;
}

function setXml({ name, type, ttl, values, alias, identifier }: CloudSet): string {
  const records = values
    .map((value) => `<ResourceRecord><Value>${escaped(value)}</Value></ResourceRecord>`)
    .join('');
  const content = alias
    ? `<AliasTarget><HostedZoneId>Z2</HostedZoneId><DNSName>${alias}</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>`
    : `<TTL>${ttl}</TTL><ResourceRecords>${records}</ResourceRecords>`;
  const policy = identifier ? `<SetIdentifier>${identifier}</SetIdentifier><Weight>1</Weight>` : '';
  return `<ResourceRecordSet><Name>${name}</Name><Type>${type}</Type>${policy}${content}</ResourceRecordSet>`;
}

function tag(xml: string, name: string): string {
  return new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? '';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function unescaped(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}

function reversed(name: string): string {
  return name.replace(/\.$/, '').split('.').reverse().join('.');
}
