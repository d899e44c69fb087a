import { BOOLEANS, booleanOf } from '../../util/text/boolean.ts';
import type { Variables } from '../../util/variables.ts';
import { ArtifactError } from '../errors.ts';

/** Where to download from, if not from the official places. */
export interface Mirror {
  /** Base URL; undefined: the official places. */
  readonly mirror: string | undefined;
  /** Plain http is taken too. */
  readonly insecure: boolean;
}

/**
 * `HAUP_MIRROR` and `HAUP_MIRROR_INSECURE`.
 * @throws ArtifactError of kind usage for a HAUP_MIRROR_INSECURE that is neither yes nor no.
 */
export function mirrorFrom(environment: Variables): Mirror {
  const word = environment.HAUP_MIRROR_INSECURE || 'no';
  const insecure = booleanOf(word);
  if (insecure === null) {
    const given = JSON.stringify(word.slice(0, 40));
    throw new ArtifactError('usage', `HAUP_MIRROR_INSECURE must be ${BOOLEANS}, not ${given}`);
  }
  return { mirror: environment.HAUP_MIRROR || undefined, insecure };
}

/** What to do where http was met and is not wanted. */
export const INSECURE_ADVICE =
  'Anybody on the way can change what comes over http. Use https, or say HAUP_MIRROR_INSECURE=1.';

/**
 * A mirror's base URL, without a slash at its end. Credentials in it would end up in logs and in cloud metadata.
 * @throws ArtifactError of kind usage
 */
export function parseMirror(text: string, insecure: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash) {
    throw new ArtifactError(
      'usage',
      'the mirror must be an http or https URL, such as https://mirror.example.org/haup',
    );
  }
  if (url.username || url.password) {
    throw new ArtifactError(
      'usage',
      'the mirror must not hold a user name or a password: it would show up in logs',
    );
  }
  if (url.protocol === 'http:' && !insecure) {
    throw new ArtifactError('usage', `the mirror ${url.href} is not https`, { advice: INSECURE_ADVICE });
  }
  return url.href.replace(/\/+$/, '');
}
