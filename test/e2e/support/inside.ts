import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineGroup } from '../../../src/providers/local/machine/power.ts';
import { fabricNamespace } from '../../../src/providers/local/names.ts';
import { type ExecResult, tryExec } from '../../../src/util/exec.ts';
import { waitFor } from '../../../src/util/wait.ts';
import { E2E_HOME } from './haup.ts';

/** What the local provider finds a cluster's things by. */
export function clusterKey(cluster: string): string {
  const file = join(E2E_HOME, 'clusters', cluster, 'cluster.json');
  const { value } = JSON.parse(readFileSync(file, 'utf8')) as { value: { spec: { uid: string } } };
  return `${cluster}-${value.spec.uid}`;
}

/** Runs a program inside the cluster's private network, where a worker would be. */
export function inNetwork(cluster: string, ...command: string[]): Promise<ExecResult> {
  return tryExec('ip', ['netns', 'exec', fabricNamespace(clusterKey(cluster)), ...command]);
}

/** Runs a shell command on a machine, past SSH and haup. */
export async function onMachine(cluster: string, machine: string, script: string): Promise<ExecResult> {
  const group = await machineGroup(clusterKey(cluster), machine);
  // A machine that has just been made may not have its first process in its place yet.
  const pid = await waitFor(
    async () =>
      readFileSync(join(group, 'payload/init.scope/cgroup.procs'), 'utf8').split('\n')[0] || undefined,
    { what: `the first process of ${machine}`, timeoutMs: 30_000 },
  );
  return tryExec('nsenter', ['-t', pid, '-a', '/bin/sh', '-c', script]);
}

/** As {@link onMachine}; it must succeed. @returns standard output */
export async function mustOnMachine(cluster: string, machine: string, script: string): Promise<string> {
  const { code, stdout, stderr } = await onMachine(cluster, machine, script);
  if (code !== 0) throw new Error(`${machine}: ${script} ended with ${code}: ${stderr}`);
  return stdout;
}

/** A shell command that asks the etcd of the machine that it runs on, by its JSON gateway: `maintenance/alarm`. */
export function askEtcd(path: string, body: object): string {
  const pki = '/etc/haup/current/pki/etcd';
  const tls = `--cacert ${pki}/ca.crt --cert ${pki}/client.crt --key ${pki}/client.key`;
  return `curl -sf --noproxy '*' ${tls} https://127.0.0.1:2379/v3/${path} -d '${JSON.stringify(body)}'`;
}
