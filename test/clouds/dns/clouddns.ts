import { text } from 'node:stream/consumers';
import type { Clock } from '../../../src/util/clock.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { Refusal } from '../gce/refusal.ts';

interface CloudSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly rrdatas: readonly string[];
  readonly routingPolicy?: object;
}

/** The part of Cloud DNS (API v1) that haup uses, with its rules. A change is done 5 s after it was accepted. */
export class CloudDnsCloud {
  readonly zones = new Map<string, { dnsName: string; visibility: string; rrsets: CloudSet[] }>();
  readonly calls: string[] = [];
  readonly denied = new Set<string>();
  /** Requests that are turned away with 429 before one is let in. */
  busy = 0;
  private readonly changes: number[] = [];
  private readonly clock: Clock;
  private server: Listening | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async start(): Promise<void> {
    this.server = await listen(async (request, response) => {
      const { method = '', url = '', headers } = request;
      const body = await text(request);
      const { status, answer } = this.answer(
        method,
        new URL(url, 'http://cloud'),
        body,
        headers.authorization,
      );
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  }

  get url(): string {
    return `${this.server!.url}/dns/v1`;
  }

  async stop(): Promise<void> {
    await this.server?.close();
  }

  private answer(method: string, url: URL, body: string, authorization = '') {
    try {
      if (authorization !== 'Bearer good') refuse(401, 'authError', 'Invalid Credentials');
      if (this.busy > 0) {
        this.busy--;
        refuse(429, 'rateLimitExceeded', 'Quota exceeded for quota metric');
      }
      const [, , , , project, , zone, what, id] = url.pathname.split('/');
      if (project !== 'p')
        refuse(404, 'notFound', `The 'parameters.project' resource named '${project}' does not exist.`);
      return { status: 200, answer: this.carryOut(method, { zone, what, id }, url.searchParams, body) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, answer: error.body() };
    }
  }

  private carryOut(
    method: string,
    { zone, what, id }: { zone?: string | undefined; what?: string | undefined; id?: string | undefined },
    query: URLSearchParams,
    body: string,
  ): object {
    const action =
      what === 'changes'
        ? `changes.${method === 'POST' ? 'create' : 'get'}`
        : what === 'rrsets'
          ? 'resourceRecordSets.list'
          : `managedZones.${zone ? 'get' : 'list'}`;
    this.calls.push(action);
    if (this.denied.has(action)) refuse(403, 'forbidden', 'Forbidden');
    if (!zone) {
      const wanted = query.get('dnsName');
      const found = [...this.zones].filter(([, { dnsName }]) => wanted === null || dnsName === wanted);
      return {
        managedZones: found.map(([name, { dnsName, visibility }]) => ({ name, dnsName, visibility })),
      };
    }
    const found = this.zones.get(zone);
    if (!found)
      refuse(404, 'notFound', `The 'parameters.managedZone' resource named '${zone}' does not exist.`);
    if (action === 'managedZones.get')
      return { name: zone, dnsName: found.dnsName, visibility: found.visibility };
    if (action === 'resourceRecordSets.list') {
      const most = Number(query.get('maxResults') ?? 100);
      const start = Number(query.get('pageToken') ?? 0);
      const page = found.rrsets.slice(start, start + most);
      const more = start + most < found.rrsets.length;
      return { rrsets: page, ...(more ? { nextPageToken: String(start + most) } : {}) };
    }
    if (action === 'changes.get') {
      const at = this.changes[Number(id)];
      if (at === undefined)
        refuse(404, 'notFound', `The 'parameters.changeId' resource named '${id}' does not exist.`);
      return { id, status: this.clock.now() - at >= 5_000 ? 'done' : 'pending' };
    }
    return this.change(found, JSON.parse(body));
  }

  /** Atomic; deletions must be exactly what is there, additions must not be (API reference, changes.create). */
  private change(
    zone: { dnsName: string; rrsets: CloudSet[] },
    { additions, deletions }: { additions: readonly CloudSet[]; deletions: readonly CloudSet[] },
  ): object {
    // Quotas and limits: 1,000 additions and deletions a change each.
    for (const [what, list] of Object.entries({ additions, deletions }))
      if (list.length > 1000) refuse(400, 'quotaExceeded', `${what} per change`);
    let sets = [...zone.rrsets];
    for (const [index, set] of deletions.entries()) {
      const there = sets.find(({ name, type }) => name === set.name && type === set.type);
      const entity = `'entity.change.deletions[${index}]'`;
      if (!there)
        refuse(404, 'notFound', `The ${entity} resource named '${set.name} (${set.type})' does not exist.`);
      if (
        JSON.stringify([there.ttl, [...there.rrdatas].sort()]) !==
        JSON.stringify([set.ttl, [...set.rrdatas].sort()])
      )
        refuse(412, 'conditionNotMet', `Precondition not met for ${entity}.`);
      sets = sets.filter((one) => one !== there);
    }
    for (const [index, set] of additions.entries()) {
      const entity = `'entity.change.additions[${index}]'`;
      if (!set.name.endsWith(`.${zone.dnsName}`))
        refuse(400, 'invalid', `Invalid value for ${entity}: '${set.name}'`);
      if (sets.some(({ name, type }) => name === set.name && type === set.type))
        refuse(
          409,
          'alreadyExists',
          `The resource ${entity} named '${set.name} (${set.type})' already exists`,
        );
      if (sets.some(({ name, type }) => name === set.name && (type === 'CNAME' || set.type === 'CNAME')))
        refuse(
          400,
          'cnameResourceRecordSetConflict',
          `The resource record set ${entity} is invalid because the DNS name '${set.name}' may have either one CNAME resource record set or resource record sets of other types, but not both.`,
        );
      sets.push(set);
    }
    zone.rrsets = sets;
    this.changes.push(this.clock.now());
    return { id: String(this.changes.length - 1), status: 'pending', additions, deletions };
  }
}

function refuse(status: number, reason: string, message: string): never {
  throw new Refusal(status, reason, message);
}
