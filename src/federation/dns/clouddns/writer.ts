import { z } from 'zod';
import { type Clock, systemClock } from '../../../util/clock.ts';
import { once } from '../../../util/once.ts';
import { understood } from '../../../util/text/understood.ts';
import { waitFor } from '../../../util/wait.ts';
import { batches, countOf } from '../batches.ts';
import { canonical } from '../desired.ts';
import { DnsError } from '../errors.ts';
import { paced } from '../patience.ts';
import { differenceOf, type RecordSet } from '../records.ts';
import { quoted, unquoted } from '../text.ts';
import type { DnsWriter } from '../writer.ts';
import { cloudDnsError, isLater } from './errors.ts';

export interface CloudDnsOptions {
  /** The zone's DNS name, with its final dot. */
  readonly domain: string;
  /** Absent: that of the credentials. */
  readonly project?: string | undefined;
  /** The managed zone's own name; absent: the project's one public zone of this DNS name. */
  readonly zoneName?: string | undefined;
  readonly clock?: Clock;
  /** Over the library's own: tests give their cloud and its credentials. */
  readonly client?: { readonly root: string; readonly authClient: object };
}

/** Of one change: sets added, sets deleted, and the bytes of their data (Cloud DNS, Quotas and limits). */
const LIMITS = { values: 1_000, sets: 500, characters: 50_000 };
/** Of the default quota of 600 requests a minute, half. */
const EVERY_MS = 200;
const PAGE = 1_000;
const SETTLED_MS = 10 * 60_000;
const ROOT = 'https://dns.googleapis.com/dns/v1';

const zoneSchema = z.object({
  name: z.string(),
  dnsName: z.string(),
  visibility: z.string().default('public'),
});
const zonesReply = z.object({ managedZones: z.array(zoneSchema).default([]) });
const setSchema = z.object({
  name: z.string(),
  type: z.string(),
  ttl: z.number().default(0),
  rrdatas: z.array(z.string()).default([]),
  routingPolicy: z.object({}).optional(),
});
type CloudSet = z.output<typeof setSchema>;
const setsReply = z.object({ rrsets: z.array(setSchema).default([]), nextPageToken: z.string().optional() });
const changeReply = z.object({ id: z.string(), status: z.string().default('pending') });

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: object;
}

/** A managed zone of Cloud DNS. A change is made whole or not at all, and only if each set that it deletes is exactly there. */
export function cloudDnsWriter(options: CloudDnsOptions): DnsWriter {
  const { domain, clock = systemClock } = options;
  const pace = paced({ clock, everyMs: EVERY_MS, isLater });
  const root = options.client?.root ?? ROOT;
  let last: string | undefined;

  const client = once(async () => {
    const { DNS } = await import('@google-cloud/dns');
    const more = {
      ...(options.project ? { projectId: options.project } : {}),
      ...(options.client ? { authClient: options.client.authClient } : {}),
    };
    return new DNS(more as ConstructorParameters<typeof DNS>[0]);
  });

  async function send({ method, path, query, body }: Question): Promise<unknown> {
    const dns = await client();
    const project = options.project ?? (await dns.getProjectId());
    const uri = `${root}/projects/${project}/${path}`;
    return new Promise((resolve, reject) => {
      // Its own retries would repeat a change whose answer was lost.
      const request = {
        method,
        uri,
        qs: query ?? {},
        maxRetries: 0,
        ...(body ? { json: body } : { json: true }),
      };
      dns.request(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }

  async function ask<T extends z.ZodType>(
    reply: T,
    permission: string,
    what: Question,
  ): Promise<z.output<T>> {
    const answer = await pace(() => send(what)).catch((error: unknown) => {
      throw cloudDnsError(error, permission, domain);
    });
    return understood(reply, answer, (how) => {
      return new DnsError('trouble', `Cloud DNS' answer has another form than haup knows: ${how}`);
    });
  }

  const zone = once(async (): Promise<string> => {
    const { zoneName } = options;
    if (zoneName) {
      const path = `managedZones/${zoneName}`;
      const found = await ask(zoneSchema, 'dns.managedZones.get', { method: 'GET', path });
      if (found.dnsName === domain) return found.name;
      throw new DnsError(
        'not-ours',
        `the managed zone ${zoneName} is that of ${found.dnsName}, not of ${domain}`,
      );
    }
    const query = { dnsName: domain };
    const { managedZones } = await ask(zonesReply, 'dns.managedZones.list', {
      method: 'GET',
      path: 'managedZones',
      query,
    });
    const found = managedZones.filter(
      ({ dnsName, visibility }) => dnsName === domain && visibility === 'public',
    );
    if (found.length === 1) return found[0]!.name;
    if (found.length === 0)
      throw new DnsError('no-zone', `this project has no public managed zone ${domain}`, {
        advice: 'make it and have it delegated first; a private zone is named by its own name',
      });
    const names = found.map(({ name }) => name).join(', ');
    throw new DnsError(
      'invalid',
      `this project has ${found.length} managed zones ${domain}: name one of ${names}`,
    );
  });

  return {
    async read() {
      const path = `managedZones/${await zone()}/rrsets`;
      const sets: RecordSet[] = [];
      let pageToken: string | undefined;
      do {
        const query = { maxResults: PAGE, ...(pageToken ? { pageToken } : {}) };
        const page: z.output<typeof setsReply> = await ask(setsReply, 'dns.resourceRecordSets.list', {
          ...{ method: 'GET' as const, path, query },
        });
        sets.push(...page.rrsets.map(fromCloud));
        pageToken = page.nextPageToken;
      } while (pageToken);
      return sets;
    },
    async apply(changes) {
      const path = `managedZones/${await zone()}/changes`;
      for (const batch of batches(changes, countOf, LIMITS)) {
        const differences = batch.map(differenceOf);
        const body = {
          additions: differences.flatMap(({ added }) => added.map(toCloud)),
          deletions: differences.flatMap(({ removed }) => removed.map(toCloud)),
        };
        last = (await ask(changeReply, 'dns.changes.create', { method: 'POST', path, body })).id;
      }
    },
    async settled(signal) {
      const id = last;
      if (id === undefined) return;
      const path = `managedZones/${await zone()}/changes/${id}`;
      await waitFor(
        async () => {
          const { status } = await ask(changeReply, 'dns.changes.get', { method: 'GET', path });
          return status === 'done' ? true : undefined;
        },
        {
          ...{ what: `Cloud DNS' name servers to have the change ${id}`, timeoutMs: SETTLED_MS },
          ...{ intervalMs: 1_000, maxIntervalMs: 10_000, clock, signal },
        },
      );
    },
    close() {},
  };
}

function toCloud({ name, type, ttl, values }: RecordSet): object {
  return { name, type, ttl, rrdatas: values.map((value) => (type === 'TXT' ? quoted(value) : value)) };
}

function fromCloud({ name, type, ttl, rrdatas, routingPolicy }: CloudSet): RecordSet {
  const values = rrdatas.map((value) => {
    if (type === 'TXT') return unquoted(value);
    if (type === 'AAAA') return canonical(value)[0] ?? value;
    return type === 'CNAME' ? value.toLowerCase() : value;
  });
  return {
    ...{ name: name.toLowerCase(), type, ttl, values: values.sort() },
    ...(routingPolicy ? { special: 'routing policy' } : {}),
  };
}
