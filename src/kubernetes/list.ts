import { z } from 'zod';
import { call, readAnswer } from './call.ts';
import type { ApiClient } from './client.ts';
import { ApiError } from './errors.ts';

/** A hundred nodes, or one full of pods, are longer than any one answer may be. An object has some 10 KiB, 50 at most. */
const PAGE = 20;
const PAGE_BYTES = 4 * 1024 * 1024;
/** Of 20,000 objects. Then something is wrong. */
const MOST_PAGES = 1000;

/**
 * All objects of a list, read page by page (kubernetes.io: API concepts, "Retrieving large results sets in chunks").
 * @param path may have a query.
 * @throws ApiError unless all of them were read; what callApi throws where nobody answers.
 */
export async function listAll<S extends z.ZodType>(
  api: ApiClient,
  item: S,
  {
    doing,
    path,
    signal,
  }: { readonly doing: string; readonly path: string; readonly signal?: AbortSignal | undefined },
): Promise<z.output<S>[]> {
  const schema = z.object({
    metadata: z.object({ continue: z.string().default('') }),
    items: z.array(item),
  });
  const first = `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE}`;
  const all: z.output<S>[] = [];
  let from = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = from === '' ? '' : `&continue=${encodeURIComponent(from)}`;
    const answer = await call(api, { doing, path: `${first}${query}`, maxBytes: PAGE_BYTES, signal });
    const { metadata, items } = readAnswer(schema, answer, doing) as {
      metadata: { continue: string };
      items: z.output<S>[];
    };
    all.push(...items);
    if (metadata.continue === '') return all;
    if (metadata.continue === from) break;
    from = metadata.continue;
  }
  throw new ApiError(doing, 200, 'with a list that has no end');
}
