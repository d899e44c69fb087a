import { buffer } from 'node:stream/consumers';
import { listen } from '../../support/listen.ts';

/** A server of restic's own protocol, in memory, on loopback. */
export interface RestServer {
  /** `rest:http://127.0.0.1:…/` */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * What restic's REST backend asks of a server: https://restic.readthedocs.io/en/stable/100_references.html#rest-backend. The list is
 * given as version 2.
 */
export async function startRest(): Promise<RestServer> {
  const files = new Map<string, Buffer>();
  const { url, close } = await listen(async (request, response) => {
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://x');
    const answer = (code: number, body: Buffer | string = '', headers: Record<string, string> = {}): void => {
      response.writeHead(code, { 'content-length': String(Buffer.byteLength(body)), ...headers });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const found = files.get(path);
    if (request.method === 'POST' && searchParams.has('create')) return answer(200);
    if (request.method === 'POST') {
      if (found) return answer(403);
      files.set(path, await buffer(request));
      return answer(200);
    }
    if (request.method === 'DELETE') return answer(files.delete(path) ? 200 : 404);
    if (path.endsWith('/')) {
      const list = [...files].flatMap(([key, { length: size }]) =>
        key.startsWith(path) ? [{ name: key.slice(path.length), size }] : [],
      );
      return answer(200, JSON.stringify(list), { 'content-type': 'application/vnd.x.restic.rest.v2' });
    }
    if (!found) return answer(404);
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined) return answer(200, found);
    const part = found.subarray(Number(from), to ? Number(to) + 1 : undefined);
    const last = Number(from) + part.length - 1;
    return answer(206, part, { 'content-range': `bytes ${from}-${last}/${found.length}` });
  });
  return { address: `rest:${url}/`, close };
}
