import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GiveUp, waitFor } from '../../../util/wait.ts';
import { ProviderError } from '../../errors.ts';
import { BALANCER_IP } from '../address/addresses.ts';
import type { Context } from '../context.ts';
import { isPluggedIn, plugIn, unplug } from '../fabric/fabric.ts';
import { deleteNamespace, ensureNamespace, execIn, namespaceExists } from '../fabric/netns.ts';
import { isPopulated, needCgroupRoot } from '../host/cgroups.ts';
import { readText, writeDurably } from '../host/files.ts';
import { endLaunched, groupFor, type Launched, launch } from '../machine/launch.ts';
import { balancerNamespace } from '../names.ts';
import { runFolder } from '../paths.ts';
import { haproxyConfig, type Server } from './config.ts';
import { command } from './runtime.ts';

/**
 * Kernel settings of the balancer's own namespace: a connection whose other end has acknowledged nothing for about six
 * seconds is closed, so that a client of a powered-off machine need not find out by itself. (haproxy's own way, tcp-ut, is
 * refused for servers added at run time; `on-marked-down shutdown-sessions` would end connections that are still looking
 * for a target.)
 */
const GIVE_UP = ['tee', '/proc/sys/net/ipv4/tcp_retries2'] as const;
const GIVE_UP_AFTER = '4';

/** haproxy keeps no more of the host's mounts than it needs. */
const RUN = `
umount -l /run/netns
exec haproxy -db -f "$1"
`;

export function balancerSocket(context: Context): string {
  return join(runFolder(context.key), 'haproxy.sock');
}

function unitName(context: Context): string {
  return `haup-${context.key}.lb`;
}

async function balancerGroup(context: Context): Promise<string> {
  return await groupFor(await needCgroupRoot(), unitName(context));
}

/** Whether haproxy runs, in its namespace, and the namespace hangs on the fabric. */
export async function balancerRuns(context: Context): Promise<boolean> {
  const parts = await Promise.all([
    isPopulated(await balancerGroup(context)),
    namespaceExists(balancerNamespace(context.key)),
    isPluggedIn(context.key, BALANCER_IP),
  ]);
  return parts.every(Boolean);
}

/** Any trace of it: what a crash leaves. */
export async function balancerRemains(context: Context): Promise<boolean> {
  return (
    (await isPopulated(await balancerGroup(context))) ||
    (await namespaceExists(balancerNamespace(context.key))) ||
    (await isPluggedIn(context.key, BALANCER_IP))
  );
}

/** Starts haproxy with these servers, after ending what is left of an earlier one. See {@link balancerAnswers}. */
export async function startBalancer(context: Context, servers: readonly Server[]): Promise<Launched> {
  await stopBalancer(context);
  const namespace = balancerNamespace(context.key);
  const group = await balancerGroup(context);
  const config = join(runFolder(context.key), 'haproxy.cfg');
  await ensureNamespace(namespace);
  await plugIn(context.key, namespace, BALANCER_IP);
  await execIn(namespace, GIVE_UP, GIVE_UP_AFTER);
  await writeDurably(config, haproxyConfig(context.cluster.apiPort, balancerSocket(context), servers));
  return await launch({
    unit: unitName(context),
    group,
    namespace,
    log: logOf(context),
    program: RUN,
    args: [config],
  });
}

/** Resolves when haproxy takes orders. @throws ProviderError `transient` when the one that was `launched` has ended. */
export async function balancerAnswers(context: Context, launched: Launched | null): Promise<void> {
  let code: number | null = null;
  launched?.ended.then(
    (value) => {
      code = value;
    },
    () => {
      code = 127;
    },
  );
  await waitFor(
    async () => {
      if (code !== null) {
        const words = (await readText(logOf(context)))?.trim().split('\n').slice(-3).join('; ');
        throw new GiveUp(
          new ProviderError('transient', `haproxy did not start (exit code ${code}): ${words}`),
        );
      }
      return (await command(balancerSocket(context), 'show info')) || undefined;
    },
    {
      what: 'haproxy to start',
      timeoutMs: 20_000,
      intervalMs: 10,
      maxIntervalMs: 100,
      signal: context.signal,
    },
  );
}

function logOf(context: Context): string {
  return join(runFolder(context.key), 'haproxy.log');
}

/** Ends haproxy and nothing else of the balancer: it is there, and not complete. */
export async function endBalancerProcess(context: Context): Promise<void> {
  await endLaunched(unitName(context), await balancerGroup(context));
}

/** Ends haproxy before its network, so that its clients see their connections closed, and removes all of it. */
export async function stopBalancer(context: Context): Promise<void> {
  await endBalancerProcess(context);
  await deleteNamespace(balancerNamespace(context.key));
  await unplug(context.key, BALANCER_IP);
  for (const file of ['haproxy.cfg', 'haproxy.log', 'haproxy.sock']) {
    await rm(join(runFolder(context.key), file), { force: true });
  }
}
