import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterStateSchema, noHistory } from '../../../src/cluster/world/memory.ts';
import { openStore } from '../../../src/state/open.ts';
import { storeUrl } from '../../../src/state/url.ts';
import { type Built, buildHaup } from '../../support/built.ts';
import { specOf } from '../../support/clusters.ts';

let built: Built;
let folder: string;
let home: string;

beforeAll(async () => {
  built = await buildHaup();
  folder = mkdtempSync(join(tmpdir(), 'haup-surroundings-'));
  chmodSync(folder, 0o755); // strangers come in
  home = join(folder, 'haup home'); // a blank, as people have
  const spec = specOf(['demo-master@local-a'], { kubernetesVersion: 'v1.37.1' });
  await openStore(storeUrl(home), clusterStateSchema).create('demo', { spec, history: noHistory, pins: {} });
  for (const argv of commands) {
    const ended = await run(asItIs, argv, calm());
    isClear(ended);
    normal.set(argv, ended);
  }
});
afterAll(() => {
  built.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a shell command; `"$@"` in it is haup and its arguments. */
function run(
  shell: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', shell, 'bash', built.haup, ...argv], {
      env: env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const commands: readonly (readonly string[])[] = [
  ['create', '-c', 'other', '--dry-run', '--provider', 'local', '--zone', 'local-a'],
  ['status', '-c', 'demo'],
  ['list'],
  ['kubeconfig', '-c', 'demo'],
  ['delete', '-c', 'demo', '--dry-run'],
];

const calm = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: folder,
  HAUP_HOME: home,
  LANG: 'C.UTF-8',
});

/** What another project, or another cloud, has set. */
const foreign: Record<string, string> = {
  PROJECT: 'someone else’s',
  CLOUDSDK_CORE_PROJECT: '!',
  CLOUDSDK_CONFIG: '/nowhere',
  CLOUDSDK_COMPUTE_ZONE: 'x',
  CLOUDSDK_COMPUTE_REGION: 'x',
  CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: 'http://127.0.0.1:1/',
  GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/key.json',
  AWS_PROFILE: 'nobody',
  AWS_REGION: 'nowhere-1',
  AWS_DEFAULT_REGION: 'nowhere-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'y',
  AWS_SESSION_TOKEN: 'z',
  AWS_CONFIG_FILE: '/nowhere',
  AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:1/',
  AWS_SDK_LOAD_CONFIG: 'perhaps',
  MASTER_SIZE: 'n1 standard',
  MASTER_DISK_SIZE: 'huge',
  MASTER_DISK_TYPE: '?',
  NODE_SIZE: '?',
  NODE_DISK_SIZE: 'huge',
  KUBE_GCE_INSTANCE_PREFIX: 'theirs',
  KUBE_AWS_INSTANCE_PREFIX: 'theirs',
  KUBE_GCE_ZONE: 'europe-west1-b',
  KUBE_AWS_ZONE: 'eu-west-1a',
  KUBE_DELETE_NODES: 'perhaps',
  KUBE_REPLICA_NAME: '..',
  KUBE_USER: 'x',
  KUBE_PASSWORD: 'y',
  KUBE_MASTER: 'x',
  KUBE_CONFIG_FILE: '/nowhere',
  KUBECONFIG: '/nowhere/config',
  KUBERNETES_SERVICE_HOST: '10.0.0.1',
  KUBERNETES_SERVICE_PORT: '443',
};

const proxies = Object.fromEntries(
  [
    'http_proxy',
    'https_proxy',
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'all_proxy',
    'npm_config_proxy',
  ].map((name) => [name, 'http://127.0.0.1:1']),
);

interface Surrounding {
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What comes out otherwise than in calm surroundings; absent: nothing. */
  readonly expects?: (ended: Ended, calm: Ended) => void;
}

const asItIs = '"$@"';
/** A user without an entry in passwd. */
const stranger = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups'];
const checkout = fileURLToPath(new URL('../../../package.json', import.meta.url));
const strangersRead = spawnSync(stranger[0]!, [...stranger.slice(1), 'test', '-r', checkout]).status === 0;
const sameCode = (ended: Ended, before: Ended): void => expect(ended.code).toBe(before.code);

function lost(said: 'out' | 'err') {
  return (ended: Ended, before: Ended): void => {
    expect(ended.code).toBe(before.code === 0 && before[said] !== '' ? 5 : before.code);
    if (said === 'out' && before.out !== '') {
      expect(ended.err).toMatch(/^haup: standard output could not be written: .*ENOSPC.*code 0$/m);
    } else if (said === 'err') expect(ended.out).toBe(before.out);
  };
}

const surroundings: Record<string, Surrounding> = {
  'no HOME': { env: { HOME: undefined } },
  'a HOME that is not there': { env: { HOME: '/nowhere/at/all' } },
  ...(strangersRead
    ? {
        'no HOME and no passwd entry': {
          env: { HOME: undefined },
          shell: `cp -r "$HAUP_HOME" "$HAUP_HOME.theirs" && chown -R 54321:54321 "$HAUP_HOME.theirs" &&
            HAUP_HOME="$HAUP_HOME.theirs" ${stranger.join(' ')} "$@"; code=$?; rm -r "$HAUP_HOME.theirs"; exit $code`,
          expects: ({ code, out }: Ended, before: Ended) => {
            // No root: the local provider says so, where it is needed.
            if (before.out.startsWith('CLUSTER')) expect([code, out]).toEqual([before.code, before.out]);
          },
        },
        'no HOME, no passwd entry and no HAUP_HOME': {
          env: { HOME: undefined, HAUP_HOME: undefined },
          shell: `${stranger.join(' ')} "$@"`,
          expects: ({ code, out, err }: Ended) => {
            expect([code, out]).toEqual([2, '']);
            expect(err).toMatch(/^haup: there is no home folder: .*; set HAUP_HOME\n$/);
          },
        },
      }
    : {}),
  'umask 0': { shell: `umask 0; ${asItIs}` },
  'umask 0777': { shell: `umask 0777; ${asItIs}` },
  'LANG=C': { env: { LANG: 'C', LC_ALL: 'C' } },
  'LANG=tr_TR.UTF-8': { env: { LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' } },
  'an odd TZ': { env: { TZ: 'Nowhere/Land+13:59' } },
  NO_COLOR: { env: { NO_COLOR: '1', TERM: 'xterm' } },
  'no TERM, FORCE_COLOR': { env: { FORCE_COLOR: '3' } },
  '40 columns of a terminal': {
    env: { TERM: 'xterm', NO_COLOR: '1' },
    shell: `script -qec "stty cols 40 rows 10; $(printf '%q ' "$@")" /dev/null`,
    expects: sameCode,
  },
  'standard output on a full disk': { shell: `${asItIs} >/dev/full`, expects: lost('out') },
  'standard error on a full disk': { shell: `${asItIs} 2>/dev/full`, expects: lost('err') },
  'standard output closed': {
    shell: `${asItIs} >&-`,
    expects: (ended, before) => expect(ended).toEqual({ ...before, out: '' }),
  },
  'standard error closed': {
    shell: `${asItIs} 2>&-`,
    expects: (ended, before) => expect(ended).toEqual({ ...before, err: '' }),
  },
  'all closed': { shell: `${asItIs} >&- 2>&- <&-`, expects: sameCode },
  'a reader that has gone': {
    shell: `set -o pipefail; ${asItIs} | :; exit \${PIPESTATUS[0]}`,
    expects: sameCode,
  },
  'NODE_ENV=production': { env: { NODE_ENV: 'production', npm_config_omit: 'dev' } },
  proxies: { env: proxies },
  'variables of others': { env: foreign },
  'a folder that is no more': { shell: `cd "$(mktemp -d)" && rmdir "$PWD" && ${asItIs}` },
};

/** What each command does in calm surroundings. */
const normal = new Map<readonly string[], Ended>();

function isClear({ code, err }: Ended): void {
  expect([0, 2, 3, 5, 6]).toContain(code);
  expect(err).not.toMatch(/^\s+at |node:internal|defect of haup|Error:/m);
  if (code !== 0) expect(err.trimEnd().split('\n').length).toBeLessThan(5);
}

/** Times are not the same, and what bash says of its own surroundings is not ours. */
function comparable({ code, out, err }: Ended): Ended {
  const said = err.replace(
    /^(shell-init|chdir|\S*: warning: setlocale|\S*: line \d+: warning: setlocale): .*\n/gm,
    '',
  );
  return { code, out, err: said.replace(/\d\d:\d\d:\d\d/g, 'TIME') };
}

describe.each(Object.entries(surroundings))(
  'surroundings: %s',
  (_, { shell = asItIs, env = {}, expects }) => {
    it.each(commands.map((argv) => [argv.join(' '), argv] as const))('haup %s', async (_name, argv) => {
      const ended = await run(shell, argv, { ...calm(), ...env });
      const before = normal.get(argv)!;
      if (expects) expects(ended, before);
      else expect(comparable(ended)).toEqual(comparable(before));
      if (ended.err !== '') isClear(ended);
      expect(readdirSync(join(home, 'clusters'))).toEqual(['demo']); // whatever was asked, nothing was made or lost
    });
  },
);

describe('a signal that was ignored when haup was started', () => {
  const waiting = (folderOfPipe: string): string =>
    `mkfifo "${folderOfPipe}/pipe"; "$@" --config "${folderOfPipe}/pipe" & pid=$!; exec 3>"${folderOfPipe}/pipe"; ` +
    `kill -HUP $pid; echo "cluster: demo" >&3; exec 3>&-; wait $pid`;

  it('stays ignored: nohup', async () => {
    const ended = await run(`trap '' HUP; ${waiting(mkdtempSync(join(folder, 'a')))}`, ['list'], calm());
    expect(ended).toMatchObject({ code: 0, out: expect.stringContaining('demo') });
  });

  it('and one that was not, interrupts', async () => {
    const ended = await run(waiting(mkdtempSync(join(folder, 'b'))), ['list'], calm());
    expect(ended).toMatchObject({ code: 130, err: 'haup: interrupted; nothing was begun\n' });
  });
});

it('one file alone asks where it is: in the built command all are in one folder', () => {
  const sources = fileURLToPath(new URL('../../../src', import.meta.url));
  const asking = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.endsWith('.ts') && readFileSync(join(sources, name), 'utf8').includes('new URL('.concat("'.")),
  );
  expect(asking).toEqual([join('util', 'package-root.ts')]);
});

it('what a cloud needs is loaded for that cloud alone', () => {
  const parts = new Map(
    readdirSync(join(built.main, '..'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => [name, readFileSync(join(built.main, '..', name), 'utf8')]),
  );
  const loaded = new Set<string>();
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const [, next] of (parts.get(name) ?? '').matchAll(
      /^(?:import|export) ?(?:[^'"]*? from )?"\.\/([^"]+)"/gms,
    ))
      load(next!);
  };
  load('main.js');
  expect(loaded.size).toBeGreaterThan(1);
  const text = [...loaded].map((name) => parts.get(name)).join('\n');
  expect(text).not.toMatch(/aws-sdk|google-cloud|from "(ssh2|node-forge|yargs|zod|yaml)/);
});
