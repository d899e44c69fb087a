import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shellScript } from '../../../ssh/script.ts';
import { tryExec } from '../../../util/exec.ts';
import { makeFolder } from '../../../util/files.ts';
import { endGroup, makeGroup, needCgroupRoot, setUp } from '../host/cgroups.ts';
import { exists } from '../host/files.ts';
import { hasControllers, hierarchiesInUse } from '../host/hierarchies.ts';
import { type Confinement, groupsOf, unifiedSettings, unitProperties } from './confinement.ts';

export interface Launch {
  /** Name of the transient unit on a host whose own manager is systemd. */
  readonly unit: string;
  /** The control group that the processes shall be in. */
  readonly group: string;
  readonly namespace: string;
  /** Where standard output and error go; overwritten. */
  readonly log: string;
  /** A constant shell program; every value reaches it as a positional parameter, never as text. */
  readonly program: string;
  readonly args: readonly string[];
  readonly confinement?: Confinement;
}

/** Resolves with the exit code if the launched program ends, as far as we can see it. */
export interface Launched {
  readonly ended: Promise<number>;
}

/** The control group's folder below the cgroup2 root, as systemd or we make it. */
export async function groupFor(cgroups: string, unit: string): Promise<string> {
  return (await hostRunsSystemd()) ? `${cgroups}/system.slice/${unit}.service` : `${cgroups}/${unit}`;
}

async function hostRunsSystemd(): Promise<boolean> {
  return await exists('/run/systemd/system');
}

/** Kills everything that {@link launch} started under this name; resolves when nothing of it is left. */
export async function endLaunched(unit: string, group: string): Promise<void> {
  await endGroup(group);
  for (const { path } of await hierarchiesInUse(await needCgroupRoot())) await endGroup(join(path, unit));
  if (!(await hostRunsSystemd())) return;
  // Until systemd has noticed, the unit's name is taken. One that is not loaded is no error to us.
  await tryExec('systemctl', ['stop', `${unit}.service`]);
  await tryExec('systemctl', ['reset-failed', `${unit}.service`]);
}

/** Joins the groups named before `--`, then runs the program. */
const JOIN = shellScript('providers/local/scripts/join-groups.sh')({});
/**
 * Moving to the roots of version 1 hierarchies takes the machine out of the limits, and out of the end, of whatever session
 * started haup.
 */
const LEAVE = shellScript('providers/local/scripts/leave-session.sh')({});

/** Makes the groups that confine a machine; resolves with those that its processes must join. */
async function confine(request: Launch, systemd: boolean): Promise<string[]> {
  const { unit, group, confinement } = request;
  if (!systemd) await makeGroup(group);
  const joined = systemd ? [] : [group];
  if (!confinement) return joined;
  const cgroups = await needCgroupRoot();
  if (!systemd && (await hasControllers(cgroups))) await setUp(group, unifiedSettings(confinement), cgroups);
  const groups = groupsOf(unit, confinement, await hierarchiesInUse(cgroups));
  for (const { path, inherit, settings } of groups) {
    await makeGroup(path);
    await setUp(path, await inherited(path, inherit));
    await setUp(path, settings);
  }
  return [...groups.map(({ path }) => path), ...joined];
}

/** What the group above has in these files. */
async function inherited(group: string, files: readonly string[]): Promise<[string, string][]> {
  const above = (file: string) => readFile(join(dirname(group), file), 'utf8');
  return await Promise.all(
    files.map(async (file): Promise<[string, string]> => [file, (await above(file)).trim()]),
  );
}

/** Starts a program that outlives haup, in a mount namespace of its own, so that what it mounts ends with it. */
export async function launch(request: Launch): Promise<Launched> {
  await makeFolder(dirname(request.log));
  await endLaunched(request.unit, request.group);
  const inside = [
    ...['nsenter', `--net=/run/netns/${request.namespace}`, 'unshare', '--mount', '--propagation', 'slave'],
    ...['/bin/sh', '-c', request.program, 'haup', ...request.args],
  ];
  const systemd = await hostRunsSystemd();
  const groups = await confine(request, systemd);
  const joining = ['/bin/sh', '-c', systemd ? JOIN : LEAVE, 'haup', ...groups, '--', ...inside];
  const command = systemd ? [...unitCommand(request), ...joining.map(literally)] : joining;
  const log = await open(request.log, 'w', 0o600);
  try {
    const [file = '', ...args] = command;
    const child = spawn(file, args, {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    });
    const ended = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        // systemd-run has done its work when the unit runs.
        if (!systemd || code !== 0) resolve(code ?? 1);
      });
    });
    ended.catch(() => {});
    child.unref();
    return { ended };
  } finally {
    await log.close();
  }
}

/** systemd replaces $NAME in a unit's command line. */
function literally(argument: string): string {
  return argument.replaceAll('$', '$$$$');
}

function unitCommand(request: Launch): string[] {
  return [
    ...[
      'systemd-run',
      '--quiet',
      '--collect',
      `--unit=${request.unit}.service`,
      `--description=${request.unit}`,
      '--slice=system.slice',
    ],
    ...['--service-type=exec', '--property=Delegate=yes', '--property=KillMode=mixed'],
    ...['--property=TasksMax=infinity', '--property=LimitNOFILE=1048576'],
    ...(request.confinement ? unitProperties(request.confinement) : []).map((each) => `--property=${each}`),
    ...[`--property=StandardOutput=file:${request.log}`, `--property=StandardError=file:${request.log}`],
    '--',
  ];
}
