import { createRequire } from 'node:module';
import { messageOf } from '../../../util/failure.ts';
import type { Remedies } from '../../../util/remedy.ts';
import { GceError } from './errors.ts';
import type { Auth } from './rest.ts';

/** Who calls, and for which project. */
export interface Login {
  readonly auth: Auth;
  /** Rejects when there are no usable credentials. */
  check(): Promise<void>;
  project(): Promise<string>;
}

interface GoogleAuth extends Auth {
  getProjectId(): Promise<string>;
}
type GoogleAuthClass = new (options: {
  scopes: readonly string[];
  credentials?: object;
  projectId?: string;
}) => GoogleAuth;

const NO_LOGIN =
  'Run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account key.';

/**
 * Application default credentials (Google, "How Application Default Credentials works"), or the given ones, as they
 * would stand in a credentials file. A project that is known is not asked for: with some credentials that takes a call
 * to another API.
 */
export function googleAuth(options: { project?: string | undefined; credentials?: object }): Login {
  // The library that the Compute Engine client itself logs in with, found from there.
  const fromClient = createRequire(createRequire(import.meta.url).resolve('@google-cloud/compute'));
  const { GoogleAuth } = fromClient('google-gax') as { GoogleAuth: GoogleAuthClass };
  const projectId = options.project;
  const auth = new GoogleAuth({
    scopes: ['https://www.googleapis.com/auth/compute'],
    ...(options.credentials ? { credentials: options.credentials } : {}),
    ...(projectId ? { projectId } : {}),
  });
  return loginBy(auth, projectId);
}

export function loginBy(auth: GoogleAuth, projectId?: string): Login {
  return {
    auth,
    async check() {
      try {
        await auth.getClient();
      } catch (error) {
        if (isNetwork(error)) throw unreached('logging in to Google', error);
        throw preflight('noCredentials', `there are no Google credentials: ${messageOf(error)}`, NO_LOGIN);
      }
    },
    async project() {
      try {
        return projectId ?? (await auth.getProjectId());
      } catch (error) {
        // With some credentials the project is asked of another API.
        if (isNetwork(error)) throw unreached("asking Google for the credentials' project", error);
        throw preflight('noProject', `no Google Cloud project is named: ${messageOf(error)}`, {
          to: 'name it',
          setting: 'project',
        });
      }
    },
  };
}

function isNetwork(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '' } = error as { code?: unknown };
  return /ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|socket hang up/.test(`${code} ${error.message}`);
}

function unreached(what: string, error: unknown): GceError {
  return new GceError('transient', 'network', `${what}: ${messageOf(error)}`);
}

function preflight(reason: string, message: string, advice: Remedies): GceError {
  return new GceError('preflight', reason, message, { advice });
}
