import type { Remedies } from '../../util/remedy.ts';
import { StoreError, type StoreErrorKind } from '../errors.ts';
import { isProtected } from './address.ts';

/** What both SDKs put on an error; either may lack any of it. */
interface WireError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string | number;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** There is no such object, in a bucket that is there. */
export function missingObject(error: unknown): boolean {
  const { name, message } = wire(error);
  return statusOf(error) === 404 && name !== 'NoSuchBucket' && !/bucket does not exist/i.test(message ?? '');
}

/** 412: the condition did not hold; S3's 409: another conditional write was under way, and won. */
export function lostRace(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || (status === 409 && /Conflict/.test(wire(error).name ?? ''));
}

/** The bucket's refusal, or the way to it, as the store's error, with its own words. Never holds a secret. */
export function bucketError(where: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { name, message } = wire(error);
  const words = [name && name !== 'Error' && name !== 'ApiError' ? name : '', message]
    .filter(Boolean)
    .join(': ')
    .split('\n')[0]!
    .slice(0, 300);
  const [kind, advice] = verdict(error);
  return new StoreError(kind, `could not use the store ${where}: ${words}`, advice, { cause: error });
}

/** Requests carry credentials, and answers the keys of clusters. @throws StoreError for a server that is asked in the clear */
export function mustBeProtected(where: string, server: Pick<URL, 'protocol' | 'hostname'>): void {
  if (isProtected(server)) return;
  const address = `${server.protocol}//${server.hostname}`;
  throw new StoreError(
    'invalid',
    `the store ${where} is not used: its server, ${address}, is not asked over https`,
    'give it as ?endpoint=https://…, and unset AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 and STORAGE_EMULATOR_HOST',
  );
}

function verdict(error: unknown): [StoreErrorKind, Remedies] {
  const { name = '', message = '' } = wire(error);
  const status = statusOf(error);
  if (name === 'NoSuchBucket' || status === 404)
    return ['missing', 'make the bucket first, with versioning on, or name another'];
  if (name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed' || /region/i.test(message))
    return ['invalid', 'name the region of the bucket: ?region=… in the store’s address, or AWS_REGION'];
  if (/Credentials|authenticat/i.test(`${name} ${message}`) || status === 401)
    return ['unreadable', 'give this user credentials for the bucket, as the cloud’s own tools take them'];
  if (status === 403)
    return [
      'unreadable',
      'this user needs the rights to list the bucket, and to read, write and delete its objects',
    ];
  return ['disk', 'nothing that was stored is lost; run the command again when the bucket answers'];
}

function statusOf(error: unknown): number | undefined {
  const { $metadata, code } = wire(error);
  return $metadata?.httpStatusCode ?? (typeof code === 'number' ? code : Number(code) || undefined);
}

function wire(error: unknown): WireError {
  return typeof error === 'object' && error !== null ? error : { message: String(error) };
}
