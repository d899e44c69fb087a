import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../util/clock.ts';
import { tryExec } from '../../util/exec.ts';
import { packageRoot } from '../../util/package-root.ts';
import { ArtifactError } from '../errors.ts';
import { sha256OfFile } from '../hash.ts';
import type { Provenance } from '../manifest.ts';
import type { OnProgress } from '../progress.ts';
import type { AnyRelease, Role } from '../sources.ts';
import { NODE_VERSIONS } from '../versions.ts';
import { buildProgress } from './progress.ts';

const SAY_MS = 5_000;

const script = (name: string) => `${packageRoot}scripts/${name}`;
const SCRIPTS = { master: script('build-binaries.sh'), node: script('build-node-binaries.sh') } as const;

/** What both scripts are made of. */
const SHARED = script('go/modules.sh');

/** How to build the executables of a release from their Go modules; for tests, another script. */
export interface Builder {
  /** Why it cannot be done on this machine, in words, or null where it can. */
  obstacle(): Promise<string | null>;
  /** Puts the executables, or only those, into `folder`. @throws ArtifactError of kind build; the signal's reason when aborted. */
  build(
    release: AnyRelease,
    folder: string,
    onProgress: OnProgress,
    signal?: AbortSignal,
    only?: readonly string[],
  ): Promise<Provenance>;
}

export function goBuilder(role: Role = 'master', script: string = SCRIPTS[role]): Builder {
  return {
    async obstacle() {
      if (
        !(await access(script).then(
          () => true,
          () => false,
        ))
      )
        return `${script} is not there`;
      return (await goVersion()) === null ? 'go is not on PATH' : null;
    },
    async build(release, folder, onProgress, signal, only = []) {
      await runScript(script, release, folder, onProgress, signal, only);
      const parts = await Promise.all([script, SHARED].map(sha256OfFile));
      const recipe = createHash('sha256').update(parts.join()).digest('hex').slice(0, 12);
      return {
        kind: 'built from Go modules',
        detail: `${await goVersion()}, ${basename(SCRIPTS[role])} ${recipe}`,
      };
    },
  };
}

async function goVersion(): Promise<string | null> {
  try {
    const { code, stdout } = await tryExec('go', ['env', 'GOVERSION']);
    return code === 0 ? stdout.trim() : null;
  } catch {
    return null;
  }
}

/** In a process group of its own, so that an abort ends the compilers too. */
function runScript(
  script: string,
  release: AnyRelease,
  folder: string,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
  only: readonly string[],
): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const args = ['--kubernetes-version', release.kubernetesVersion, ...otherVersions(release)];
    const which = only.flatMap((name) => ['--only', name]);
    const child = spawn('bash', [script, ...args, '--arch', release.arch, '--output', folder, ...which], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const last: string[] = [];
    const progress = buildProgress(() => systemClock.now());
    const say = () => onProgress({ kind: 'build', line: progress.said() });
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (progress.heard(line)) last.push(line);
      if (last.length > 3) last.shift();
      say();
    });
    // Go is silent while it links, and while one large package takes its time: that it still works is said all the same.
    const ticks = setInterval(say, SAY_MS);
    const abort = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      } catch {
        // it has ended already
      }
    };
    signal?.addEventListener('abort', abort, { once: true });
    child.on('error', (error) => {
      clearInterval(ticks);
      reject(error);
    });
    child.on('close', (code) => {
      clearInterval(ticks);
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) reject(signal.reason);
      else if (code === 0) resolve();
      else {
        reject(
          new ArtifactError('build', `building the binaries failed (exit code ${code}): ${last.join('\n')}`, {
            advice: `Run scripts/${basename(script)} ${args.join(' ')} --output /tmp/binaries to see all of its output.`,
          }),
        );
      }
    });
  });
}

function otherVersions(release: AnyRelease): string[] {
  if (release.role !== 'node') return ['--etcd-version', release.etcdVersion];
  const { containerd, cniPlugins, criTools } = NODE_VERSIONS;
  const cni = ['--cni-plugins-version', cniPlugins, '--cri-tools-version', criTools];
  return ['--containerd-version', containerd, ...cni];
}
