import { Resolver } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { deadline } from '../../util/deadline.ts';
import { readText } from '../../util/text/bounded.ts';
import { ProviderError } from '../errors.ts';

/** One way to learn this host's public IPv4 address. */
export type AddressSource = (signal: AbortSignal) => Promise<string>;

async function fromHttps(signal: AbortSignal): Promise<string> {
  const response = await fetch('https://checkip.amazonaws.com/', { signal });
  if (!response.ok || !response.body) return '';
  return (await readText(Readable.fromWeb(response.body as ReadableStream), 1024)).trim();
}

/** Google's name servers answer this name with the address that asked. */
async function fromDns(): Promise<string> {
  const resolver = new Resolver({ timeout: 3000, tries: 1 });
  resolver.setServers(['216.239.32.10']);
  return (await resolver.resolveTxt('o-o.myaddr.l.google.com'))[0]?.join('') ?? '';
}

/**
 * The operator's own public address as a CIDR, the default for who may reach port 22.
 * @throws ProviderError `preflight` when no source knows it.
 */
export async function operatorAddress(
  signal: AbortSignal,
  sources: readonly AddressSource[] = [fromHttps, fromDns],
): Promise<string> {
  const limit = deadline(5000, signal);
  for (const source of sources) {
    const ip = await source(limit).catch(() => '');
    signal.throwIfAborted();
    if (isIPv4(ip)) return `${ip}/32`;
  }
  throw new ProviderError(
    'preflight',
    "this host's public address, from which SSH is to be allowed, is not known",
    {
      advice: { to: 'say which addresses may reach port 22', setting: 'sshFrom', example: '203.0.113.7/32' },
    },
  );
}
