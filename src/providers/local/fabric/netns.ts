import { rm, statfs } from 'node:fs/promises';
import { exec, tryExec } from '../../../util/exec.ts';
import { shared } from '../../../util/shared.ts';
import { exists, isMissing } from '../host/files.ts';

const NSFS = 0x6e736673;

function namespacePath(name: string): string {
  return `/run/netns/${name}`;
}

/** True when `name` is a live network namespace, not only the file that a reboot or a crash left of one. */
export async function namespaceExists(name: string): Promise<boolean> {
  try {
    return (await statfs(namespacePath(name))).type === NSFS;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export async function ensureNamespace(name: string): Promise<void> {
  if (await namespaceExists(name)) return;
  await rm(namespacePath(name), { force: true });
  await exec('ip', ['netns', 'add', name]);
}

/** Deletes the namespace; links in it go when its last process is gone. A missing one is no error. */
export async function deleteNamespace(name: string): Promise<void> {
  if (await namespaceExists(name)) await exec('ip', ['netns', 'delete', name]);
  await rm(namespacePath(name), { force: true });
}

/** Runs `ip` commands, one a line, inside a namespace or (null) the host, stopping at the first that fails. */
export async function ip(namespace: string | null, commands: readonly string[]): Promise<void> {
  const args = namespace === null ? ['-batch', '-'] : ['-n', namespace, '-batch', '-'];
  await exec('ip', args, { input: `${commands.join('\n')}\n` });
}

/** Runs a program in a namespace. Resolves with its standard output. */
export async function execIn(namespace: string, args: readonly string[], input = ''): Promise<string> {
  return await exec('ip', ['netns', 'exec', namespace, ...args], { input });
}

export async function hostLinkExists(name: string): Promise<boolean> {
  return await exists(`/sys/class/net/${name}`);
}

export async function linkExists(namespace: string, name: string): Promise<boolean> {
  return (await linksIn(namespace)).includes(name);
}

/** None where the namespace is not there. */
export const linksIn = shared(async (namespace: string): Promise<string[]> => {
  const { stdout } = await tryExec('ip', ['-n', namespace, '-oneline', 'link', 'show']);
  return stdout.split('\n').flatMap((line) => /^\d+: ([^@:]+)/.exec(line)?.[1] ?? []);
});
