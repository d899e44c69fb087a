import { z } from 'zod';
import { type ApiClient, callApi } from '../../../kubernetes/client.ts';
import { statusMessage } from '../../../kubernetes/status.ts';
import { believed } from '../../../pki/authorities.ts';
import { pemBlocks } from '../../../replicas/revision/revision.ts';
import { parseJson } from '../../../util/text/json.ts';
import { kubeletAuthorities } from '../keys.ts';
import type { Tools } from '../tools.ts';

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
const ANSWER_MS = 10_000;
const seenSchema = z.object({ data: z.record(z.string(), z.string()).default({}) });

/**
 * API servers add whom they believe to what extension API servers are told, and never take anybody away: who is given up is taken
 * away here, when no API server believes him any more. Again is no error.
 * @throws Error with the API server's words
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
  const read = await callApi(api, options);
  if (read.status === 404) return;
  if (read.status !== 200) throw refusal(read);
  const { data } = seenSchema.parse(parseJson(read.text));
  const others = Object.entries(wanted).filter(([name, text]) => {
    const blocks = new Set(pemBlocks(text));
    return (pemBlocks(data[name] ?? '') ?? ['']).some((block) => !blocks.has(block));
  });
  if (others.length === 0) return;
  const written = await callApi(api, {
    ...options,
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: { data: Object.fromEntries(others) },
  });
  if (written.status !== 200) throw refusal(written);
}

function refusal({ status, text }: { status: number; text: string }): Error {
  const words = statusMessage(parseJson(text)) ?? `the API server answers ${status}`;
  return new Error(`what extension API servers are told: ${words}`);
}
