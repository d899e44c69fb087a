import type { EtcdClient } from '../../../etcd/client.ts';
import { call } from '../../../kubernetes/call.ts';
import type { ApiClient } from '../../../kubernetes/client.ts';

/** Where API servers keep Secrets: `/registry/secrets/NAMESPACE/NAME`. */
const FROM = '/registry/secrets/';
/** The first key after them. */
const TO = '/registry/secrets0';
/** Secrets are at most 1 MiB each, most of them a thousandth of that. */
const PAGE = 100;
const AT_ONCE = 8;
const ANSWER_MS = 30_000;

interface Kept {
  readonly namespace: string;
  readonly name: string;
}

type Reader = Pick<EtcdClient, 'range'>;

/** Every Secret in etcd that this key did not encrypt. What it is encrypted with stands before it: `k8s:enc:secretbox:v1:key1:`. */
export async function secretsNotUnder(etcd: Reader, key: string, signal?: AbortSignal): Promise<Kept[]> {
  const mark = Buffer.from(`k8s:enc:secretbox:v1:${key}:`);
  const found: Kept[] = [];
  for (let from: string | null = FROM; from !== null; ) {
    const page: readonly { readonly key: string; readonly value: Buffer }[] = await etcd.range(
      { from, to: TO, limit: PAGE },
      { signal },
    );
    for (const { key: path, value } of page) {
      const [namespace, name] = path.slice(FROM.length).split('/');
      if (!value.subarray(0, mark.length).equals(mark) && namespace && name) found.push({ namespace, name });
    }
    const last = page.at(-1);
    from = last && page.length === PAGE ? `${last.key}\0` : null;
  }
  return found;
}

/**
 * Has the API servers write every Secret anew that is not under this key, which is the one that they write with. Cut off anywhere, it goes
 * on where it was: what is under the key is left alone.
 * @throws ApiError for one that the API server does not take
 */
export async function rewriteSecrets(
  { etcd, api }: { readonly etcd: Reader; readonly api: ApiClient },
  key: string,
  options: { readonly signal?: AbortSignal; readonly progress: (message: string) => void },
): Promise<void> {
  const { signal, progress } = options;
  // One that somebody else wrote meanwhile is under the new key by that; a look more says so.
  for (;;) {
    const old = await secretsNotUnder(etcd, key, signal);
    if (old.length === 0) return;
    let done = 0;
    const waiting = [...old];
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        await rewrite(api, next, signal);
        done += 1;
        progress(`Secrets encrypted with the new key: ${done} of ${old.length}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}

const GONE = 404;
const OVERTAKEN = 409;

/** The same again: an API server writes it although nothing in it is another, since its key is no longer the first. */
async function rewrite(api: ApiClient, { namespace, name }: Kept, signal?: AbortSignal): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const options = { path, timeoutMs: ANSWER_MS, maxBytes: 8 * 1024 * 1024, signal };
  const which = `the Secret ${namespace}/${name}`;
  const { status, body } = await call(api, { ...options, doing: `read ${which}`, accept: [GONE] });
  if (status === GONE) return;
  await call(api, {
    ...options,
    doing: `write ${which} anew`,
    method: 'PUT',
    body,
    accept: [GONE, OVERTAKEN],
  });
}
