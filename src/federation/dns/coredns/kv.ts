import { z } from 'zod';
import { messageOf } from '../../../util/failure.ts';
import { parseJson } from '../../../util/text/json.ts';
import { understood } from '../../../util/text/understood.ts';
import { DnsError } from '../errors.ts';
import type { Entry } from './layout.ts';
import { type EtcdTls, post } from './post.ts';

/** Where an etcd is that holds records, and how it is asked. */
export interface EtcdAddress {
  /** `https://host:port`, of one cluster; `http://` only on this machine. */
  readonly endpoints: readonly string[];
  /** Absent: what this machine trusts, and no certificate of its own. */
  readonly tls?: EtcdTls | undefined;
}

export interface Versioned extends Entry {
  /** The store's revision at which it was last written. */
  readonly modified: string;
}

/** What must hold for a transaction to be carried out. */
export type Condition =
  | { readonly key: string; readonly modified: string }
  | { readonly key: string; readonly absent: true }
  /** Nothing below it was written since. */
  | { readonly below: string; readonly since: string };

export interface Transaction {
  readonly conditions: readonly Condition[];
  readonly puts: readonly Entry[];
  readonly deletes: readonly string[];
}

export interface KeyValues {
  /** All keys from a prefix on, of one revision. */
  list(prefix: string): Promise<{ readonly entries: readonly Versioned[]; readonly revision: string }>;
  /** Its revision; null: a condition did not hold, as where it was carried out and not answered. May be sent again: see to it that the conditions forbid the second. */
  transact(what: Transaction): Promise<string | null>;
}

const PAGE = 2_000;

const number = z.string().default('0');
const header = z.object({ revision: number });
const rangeReply = z.object({
  header,
  kvs: z
    .array(z.object({ key: z.string(), value: z.string().default(''), mod_revision: number }))
    .default([]),
  more: z.boolean().default(false),
});
const transactionReply = z.object({ header, succeeded: z.boolean().default(false) });
const refusal = z.object({
  message: z.string().optional(),
  error: z.string().optional(),
  code: z.number().optional(),
});

/** etcd's key-value store over its JSON gateway (`/v3/kv/…`; api/etcdserverpb/rpc.proto). Throws DnsError only. */
export function keyValues(address: EtcdAddress): KeyValues {
  for (const endpoint of address.endpoints) checkEndpoint(endpoint);
  const call = asker(address);
  const ask = async <T extends z.ZodType>(reply: T, path: string, body: object): Promise<z.output<T>> => {
    const answer = await call(path, JSON.stringify(body));
    return understood(reply, parseJson(answer), (how) => {
      return new DnsError('trouble', `the DNS etcd's answer has another form than haup knows: ${how}`);
    });
  };
  return {
    async list(prefix) {
      const entries: Versioned[] = [];
      let from = prefix;
      let revision: string | undefined;
      for (;;) {
        const page: z.output<typeof rangeReply> = await ask(rangeReply, 'kv/range', {
          key: base64(from),
          range_end: base64(endOf(prefix)),
          limit: String(PAGE),
          ...(revision === undefined ? {} : { revision }),
        });
        revision ??= page.header.revision;
        const read = page.kvs.map(({ key, value, mod_revision }) => ({
          key: text(key),
          value: text(value),
          modified: mod_revision,
        }));
        entries.push(...read);
        if (!page.more || read.length === 0) return { entries, revision };
        from = `${read.at(-1)!.key}\0`;
      }
    },
    async transact({ conditions, puts, deletes }) {
      const reply = await ask(transactionReply, 'kv/txn', {
        compare: conditions.map(comparison),
        success: [
          ...deletes.map((key) => ({ request_delete_range: { key: base64(key) } })),
          ...puts.map(({ key, value }) => ({ request_put: { key: base64(key), value: base64(value) } })),
        ],
      });
      return reply.succeeded ? reply.header.revision : null;
    },
  };
}

function comparison(condition: Condition): object {
  if ('below' in condition) {
    const { below, since } = condition;
    const range = { key: base64(`${below}/`), range_end: base64(endOf(`${below}/`)) };
    return { ...range, target: 'MOD', result: 'LESS', mod_revision: String(BigInt(since) + 1n) };
  }
  const key = base64(condition.key);
  if ('absent' in condition) return { key, target: 'CREATE', result: 'EQUAL', create_revision: '0' };
  return { key, target: 'MOD', result: 'EQUAL', mod_revision: condition.modified };
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}

function text(value: string): string {
  return Buffer.from(value, 'base64').toString();
}

/** The first key that does not begin with the prefix. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isHere = url !== undefined && /^(localhost|127\.[0-9.]+|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) return;
  throw new DnsError('invalid', `"${endpoint}" is not the https URL of an etcd`, {
    advice: 'give one such as https://10.0.0.5:2379; http is for this machine alone',
  });
}

/** Asks one endpoint after the other until one answers, and begins with that one the next time. */
function asker({ endpoints, tls }: EtcdAddress): (path: string, body: string) => Promise<string> {
  let first = 0;
  return async (path, body) => {
    let failure: DnsError | undefined;
    for (let i = 0; i < endpoints.length; i += 1) {
      const at = (first + i) % endpoints.length;
      try {
        const { status, answer } = await post(new URL(`/v3/${path}`, endpoints[at]), body, tls);
        if (status !== 200) throw refused(status, answer);
        first = at;
        return answer;
      } catch (error) {
        // Whether it came too late, or from a member without its quorum, another one may do it. It is never done twice: a transaction
        // that was carried out makes its own conditions false, and the second one says that they do not hold.
        const next = explained(endpoints[at]!, error);
        // That somebody is not let in says more than that somebody else is silent.
        if (failure === undefined || failure.kind === 'trouble') failure = next;
      }
    }
    throw failure ?? new DnsError('invalid', 'no DNS etcd is named');
  };
}

function explained(endpoint: string, error: unknown): DnsError {
  if (error instanceof DnsError) return error;
  const { code = '' } = error as { code?: string };
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|EPROTO/.test(code);
  return new DnsError(
    isTls ? 'denied' : 'trouble',
    `the DNS etcd at ${endpoint} did not answer: ${messageOf(error)}`,
    { cause: error },
  );
}

/** gRPC's numbers, which the gateway keeps: 7 no permission, 16 not logged in, 3 and 8 a request or a store that is too large. */
function refused(status: number, answer: string): DnsError {
  const read = refusal.safeParse(parseJson(answer));
  const words = ((read.success && (read.data.message ?? read.data.error)) || `HTTP ${status}`).slice(0, 300);
  const code = read.success ? read.data.code : undefined;
  if (code === 7 || code === 16 || /user name is empty|permission denied|invalid auth/.test(words))
    return new DnsError('denied', `the DNS etcd refuses: ${words}`, {
      advice: 'put what it accepts into the Secret dns-etcd of the federation (docs/federation-dns.md)',
    });
  if (/database space exceeded/.test(words)) return new DnsError('full', `the DNS etcd is full: ${words}`);
  return new DnsError('trouble', `the DNS etcd refuses: ${words}`);
}
