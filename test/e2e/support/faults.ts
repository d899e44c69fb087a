import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineGroup } from '../../../src/providers/local/machine/power.ts';
import { fabricNamespace } from '../../../src/providers/local/names.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { haup } from './haup.ts';
import { clusterKey } from './inside.ts';

export type Fault = 'power-off' | 'freeze' | 'isolate';

/**
 * Hurts replicas as a user would, one after the other, and finds out when the last of them was hit (`performance.now()`):
 * a network monitor sees the cable go, the control group says when it is frozen.
 */
export async function injectFault(cluster: string, fault: Fault, ...replicas: string[]): Promise<number> {
  let moment = 0;
  for (const replica of replicas) {
    const watching = fault === 'freeze' ? whenFrozen(cluster, replica) : await whenSevered(cluster);
    await haup('fault', '-c', cluster, fault, replica);
    moment = await watching.moment;
    watching.end();
  }
  return moment;
}

interface Watching {
  readonly moment: Promise<number>;
  end(): void;
}

async function whenSevered(cluster: string): Promise<Watching> {
  const namespace = fabricNamespace(clusterKey(cluster));
  const child: ChildProcess = spawn('ip', ['netns', 'exec', namespace, 'nft', 'monitor'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const moment = new Promise<number>((resolve, reject) => {
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.includes('severed')) resolve(performance.now());
    });
    child.on('close', () => reject(new Error(`nft monitor ended: ${text}`)));
  });
  moment.catch(() => {});
  // It says nothing when it begins to listen: its socket does.
  await waitFor(
    async () =>
      (await readFile(`/proc/${child.pid}/net/netlink`, 'utf8')).includes(` ${child.pid} `) || undefined,
    { what: 'nft to listen', timeoutMs: 5000, intervalMs: 10 },
  );
  return { moment, end: () => child.kill() };
}

function whenFrozen(cluster: string, replica: string): Watching {
  const looking = async (): Promise<number> => {
    const events = join(await machineGroup(clusterKey(cluster), replica), 'cgroup.events');
    return waitFor(
      async () => ((await readFile(events, 'utf8')).includes('frozen 1') ? performance.now() : undefined),
      { what: `${replica} to freeze`, timeoutMs: 30_000, intervalMs: 2, maxIntervalMs: 2 },
    );
  };
  return { moment: looking(), end: () => {} };
}
