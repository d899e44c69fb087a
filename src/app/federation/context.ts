import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { InputError } from '../../cluster/model/errors.ts';
import { type ApiAccess, openApi } from '../../federation/controller/api.ts';
import { type Fields, fieldsOf, listOf } from '../../federation/model/object.ts';
import { homeFolder } from '../../util/host/home.ts';
import type { Variables } from '../../util/variables.ts';
import { inWords, type Reached } from './access.ts';

export interface Context {
  readonly context: string;
  /** Absent: $KUBECONFIG, or ~/.kube/config. */
  readonly kubeconfig: string | undefined;
  readonly environment: Variables;
}

const PLUGIN_MS = 60_000;

/** Works with the API that a context of a kubeconfig leads to. @throws InputError for what cannot be used. */
export async function reachContext<T>(given: Context, work: (reached: Reached) => Promise<T>): Promise<T> {
  const access = await accessOf(given);
  const api = openApi(access);
  try {
    return await inWords(`reach the API of the context ${given.context}`, given.context, () =>
      work({ api, server: access.server, caPem: access.caPem }),
    );
  } finally {
    api.close();
  }
}

async function accessOf({ context: name, kubeconfig, environment }: Context): Promise<ApiAccess> {
  // Empty is as good as not set, as kubectl has it.
  const listed = environment.KUBECONFIG?.split(':').filter(Boolean) ?? [];
  const usual = listed.length > 0 ? listed : [`${homeFolder(environment) ?? ''}/.kube/config`];
  const paths = kubeconfig ? [kubeconfig] : usual;
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) {
      if (kubeconfig) throw new InputError(`${path} cannot be read`);
      continue;
    }
    const document = fieldsOf(valueOfYaml(text, path));
    const context = named(document.contexts, name, 'context');
    if (!context) continue;
    const cluster = named(document.clusters, context.cluster, 'cluster');
    const user = named(document.users, context.user, 'user');
    if (!cluster || !user)
      throw new InputError(`the context ${name} in ${path} names a cluster or a user that is not there`);
    return read(name, cluster, user, dirname(path), environment);
  }
  throw new InputError(`there is no context ${name} in ${paths.join(', ')}`);
}

/** @throws InputError of one line: the lines around may hold a key. */
function valueOfYaml(text: string, path: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    throw new InputError(`${path} is not YAML: ${first?.replace(/:$/, '')}`);
  }
}

async function read(
  context: string,
  cluster: Fields,
  user: Fields,
  folder: string,
  environment: Variables,
): Promise<ApiAccess> {
  if (cluster['insecure-skip-tls-verify'] === true)
    throw new InputError(
      `the context ${context} skips the check of certificates: its authority is needed here`,
    );
  const embedded = async (fields: Fields, name: string): Promise<string | undefined> => {
    const data = fields[`${name}-data`];
    if (typeof data === 'string') return Buffer.from(data, 'base64').toString('utf8');
    const file = fields[name];
    return typeof file === 'string' ? readFile(resolve(folder, file), 'utf8') : undefined;
  };
  const server = String(cluster.server);
  if (!server.startsWith('https://'))
    throw new InputError(`the context ${context} leads to ${server}, which is not https`);
  const { token, tokenFile, exec } = user;
  const [caPem, certPem, keyPem] = [
    await embedded(cluster, 'certificate-authority'),
    await embedded(user, 'client-certificate'),
    await embedded(user, 'client-key'),
  ];
  const fromFile = typeof tokenFile === 'string' ? readFile(resolve(folder, tokenFile), 'utf8') : undefined;
  const plugin = exec === undefined ? {} : await runPlugin(fieldsOf(exec), environment);
  const bearer = typeof token === 'string' ? token : ((await fromFile)?.trim() ?? plugin.token);
  const cert = certPem ?? plugin.certPem;
  const key = keyPem ?? plugin.keyPem;
  if (bearer === undefined && cert === undefined)
    throw new InputError(`the context ${context} has no token and no certificate, or none that haup can use`);
  return {
    ...{ server, caPem },
    ...(bearer === undefined ? {} : { token: () => bearer }),
    ...(cert === undefined || key === undefined ? {} : { certPem: cert, keyPem: key }),
  };
}

interface Credential {
  readonly token?: string;
  readonly certPem?: string;
  readonly keyPem?: string;
}

/** As client-go runs credential plugins: one that prints an ExecCredential. */
async function runPlugin(exec: Fields, environment: Variables): Promise<Credential> {
  const own = listOf(exec.env).map((item) => [String(fieldsOf(item).name), String(fieldsOf(item).value)]);
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const { stdout } = await promisify(execFile)(String(exec.command), listOf(exec.args).map(String), {
    env: { ...environment, ...Object.fromEntries(own), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    timeout: PLUGIN_MS,
  }).catch((error: Error) => {
    throw new InputError(`the credential plugin ${exec.command} failed: ${error.message.split('\n')[0]}`);
  });
  const status = fieldsOf(fieldsOf(JSON.parse(stdout)).status);
  return {
    ...(typeof status.token === 'string' ? { token: status.token } : {}),
    ...(typeof status.clientCertificateData === 'string' ? { certPem: status.clientCertificateData } : {}),
    ...(typeof status.clientKeyData === 'string' ? { keyPem: status.clientKeyData } : {}),
  };
}

/** The entry of that name, of a kubeconfig's list of them. */
function named(list: unknown, name: unknown, inside: string): Fields | null {
  const entry = listOf(list)
    .map(fieldsOf)
    .find((one) => one.name === name);
  return entry ? fieldsOf(entry[inside]) : null;
}
