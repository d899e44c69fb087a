import { isIPv4 } from 'node:net';
import { StoreError } from '../errors.ts';

/** A store in a bucket: `s3://bucket/prefix` or `gs://bucket/prefix`. */
export interface BucketAddress {
  readonly kind: 's3' | 'gs';
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Another server than the cloud's own: `?endpoint=https://host:port`. */
  readonly endpoint: string | null;
  /** S3 alone: `?region=eu-west-1`; null: as the AWS configuration says. */
  readonly region: string | null;
}

/** Both clouds' rules for a bucket's name, as far as they agree: 3 to 63 of small letters, digits, dashes, dots, underscores. */
const bucketName = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;
const prefixPart = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Keys of clusters, and credentials, go to such a server: over https, or to this host itself. */
export function isProtected({ protocol, hostname }: Pick<URL, 'protocol' | 'hostname'>): boolean {
  if (protocol === 'https:') return true;
  const local = hostname === 'localhost' || hostname === '[::1]' || hostname === '::1';
  return protocol === 'http:' && (local || (isIPv4(hostname) && hostname.startsWith('127.')));
}

/** @throws StoreError `invalid` */
export function readAddress(url: string): BucketAddress {
  const refuse = (why: string): StoreError =>
    new StoreError(
      'invalid',
      `${url} is not a store's address: ${why}`,
      'give it as s3://bucket/prefix or gs://bucket/prefix, with ?region=… or ?endpoint=https://… where it must be said',
    );
  const match = /^(s3|gs):\/\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url);
  if (!match) throw refuse('it names no bucket');
  const [, kind, bucket = '', path = '', query = ''] = match;
  if (!bucketName.test(bucket)) throw refuse(`${JSON.stringify(bucket)} cannot be a bucket's name`);
  const parts = path.split('/').filter((part) => part !== '');
  const odd = parts.find((part) => !prefixPart.test(part));
  if (odd !== undefined) throw refuse(`${JSON.stringify(odd)} cannot be part of a prefix`);
  const settings = new URLSearchParams(query);
  for (const name of settings.keys())
    if (name !== 'endpoint' && !(name === 'region' && kind === 's3')) throw refuse(`it has no ${name}`);
  const endpoint = settings.get('endpoint');
  if (endpoint !== null && !URL.canParse(endpoint)) throw refuse('its endpoint is no URL');
  const server = endpoint === null ? null : new URL(endpoint);
  if (server && !isProtected(server)) throw refuse('its endpoint is not https');
  if (server?.username || server?.password) throw refuse('its endpoint holds credentials');
  return {
    kind: kind as 's3' | 'gs',
    bucket,
    prefix: parts.map((part) => `${part}/`).join(''),
    endpoint,
    region: settings.get('region'),
  };
}
