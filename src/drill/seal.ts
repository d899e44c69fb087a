import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../util/failure.ts';
import { parseJson } from '../util/text/json.ts';
import { type ActFigures, figuresOf } from './figures.ts';
import { type Judged, judge } from './judge.ts';
import { type DrillLog, drillLogSchema } from './log.ts';

/** A drill's report for programs: what was seen, what follows from it, and who says so. */
export interface SealedReport {
  readonly log: DrillLog;
  readonly figures: readonly ActFigures[];
  readonly goals: readonly Judged[];
  readonly seal: {
    readonly algorithm: 'Ed25519';
    /** PEM. */
    readonly publicKey: string;
    /** Of the log as JSON without blanks, base64. */
    readonly signature: string;
  };
}

/** A report that is none, or not what was signed. */
class SealError extends Failure {
  override readonly name = 'SealError';
  readonly failure = 'input';
}

const sealedSchema = z.object({
  log: z.unknown(),
  figures: z.unknown(),
  goals: z.unknown(),
  seal: z.object({ algorithm: z.literal('Ed25519'), publicKey: z.string(), signature: z.string() }),
});

/** A new key to sign with, PKCS #8 in PEM: a secret. */
export function newSealingKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The log, signed, with the figures that follow from it. */
export function seal(log: DrillLog, privatePem: string): SealedReport {
  const key = createPrivateKey(privatePem);
  const signature = sign(null, Buffer.from(JSON.stringify(log)), key).toString('base64');
  return {
    ...conclusions(log),
    seal: { algorithm: 'Ed25519', publicKey: publicHalf(privatePem), signature },
  };
}

/** What a report says, once it is known to be what was signed, and its figures to be what follows from that. @throws SealError */
export function unseal(text: string): SealedReport {
  const read = sealedSchema.safeParse(parseJson(text));
  if (!read.success) throw new SealError("this is no drill's report");
  const { log: said, figures, goals, seal } = read.data;
  if (!isSigned(JSON.stringify(said), seal))
    throw new SealError('the signature is not of this report: it was changed');
  const log = drillLogSchema.safeParse(said);
  if (!log.success) throw new SealError('this report is signed, and of another form than this haup knows');
  const follows = conclusions(log.data);
  if (
    JSON.stringify({ figures, goals }) !== JSON.stringify({ figures: follows.figures, goals: follows.goals })
  )
    throw new SealError('the figures do not follow from what was seen: they were changed');
  return { ...follows, seal };
}

/** How people compare keys: `SHA256:…`. @throws SealError */
export function fingerprint(publicPem: string): string {
  const der = publicKeyOf(publicPem).export({ type: 'spki', format: 'der' });
  return `SHA256:${createHash('sha256').update(der).digest('base64').replace(/=+$/, '')}`;
}

/** The public half, PEM. */
export function publicHalf(privatePem: string): string {
  return createPublicKey(createPrivateKey(privatePem)).export({ type: 'spki', format: 'pem' }).toString();
}

function conclusions(log: DrillLog): Omit<SealedReport, 'seal'> {
  const figures = figuresOf(log);
  return { log, figures, goals: judge(log.goals, figures) };
}

function isSigned(text: string, { publicKey, signature }: SealedReport['seal']): boolean {
  return verify(null, Buffer.from(text), publicKeyOf(publicKey), Buffer.from(signature, 'base64'));
}

function publicKeyOf(pem: string) {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new SealError('the public key in this report is none', { cause });
  }
}
