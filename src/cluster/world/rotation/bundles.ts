import { z } from 'zod';
import { call, readAnswer } from '../../../kubernetes/call.ts';
import type { ApiClient } from '../../../kubernetes/client.ts';
import { believed } from '../../../pki/authorities.ts';
import { pemBlocks } from '../../../replicas/revision/revision.ts';
import { kubeletAuthorities } from '../keys.ts';
import type { Tools } from '../tools.ts';

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
const ANSWER_MS = 10_000;
const GONE = 404;
const seenSchema = z.object({ data: z.record(z.string(), z.string()).default({}) });

/**
 * API servers add whom they believe to what extension API servers are told, and never take anybody away: who is given up is taken
 * away here, when no API server believes him any more. Again is no error.
 * @throws ApiError; what callApi throws where nobody answers
 */
export async function forgetInBundles(
  t: Pick<Tools, 'authorities' | 'secrets' | 'memory' | 'signal'>,
  api: ApiClient,
): Promise<void> {
  const { kubernetes, frontProxy } = await t.authorities();
  const { client } = await kubeletAuthorities(t.secrets, t.memory.spec);
  const wanted: Readonly<Record<string, string>> = {
    'client-ca-file': believed(kubernetes) + believed(client),
    'requestheader-client-ca-file': believed(frontProxy),
  };
  const options = { path: PATH, timeoutMs: ANSWER_MS, signal: t.signal };
  const doing = 'read what extension API servers are told';
  const read = await call(api, { ...options, doing, accept: [GONE] });
  if (read.status === GONE) return;
  const { data } = readAnswer(seenSchema, read, doing);
  const others = Object.entries(wanted).filter(([name, text]) => {
    const blocks = new Set(pemBlocks(text));
    return (pemBlocks(data[name] ?? '') ?? ['']).some((block) => !blocks.has(block));
  });
  if (others.length === 0) return;
  await call(api, {
    ...options,
    doing: 'tell extension API servers whom they may forget',
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { data: Object.fromEntries(others) },
  });
}
