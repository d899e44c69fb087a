import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { ImageArchive } from '../../../src/artifacts/images/read.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../../src/kubernetes/client.ts';
import { joinNode, rejoinNode } from '../../../src/nodes/join.ts';
import { nodePaths } from '../../../src/nodes/paths.ts';
import type { Session } from '../../../src/ssh/session.ts';

interface ExecOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly input?: unknown;
}

const calls: string[] = [];
let hasRange: () => boolean;
/** The API has the node. */
let isKnown: () => boolean;
let isReady: () => boolean;
vi.mock('../../../src/kubernetes/client.ts', () => ({
  callApi: async (_: ApiClient, { method = 'GET', path }: ApiRequest): Promise<ApiAnswer> => {
    if (method !== 'GET') calls.push(`${method} ${path.replace(/bootstrap-token-.*/, 'bootstrap-token')}`);
    if (method === 'GET' && !isKnown()) return { status: 404, text: '{}' };
    const spec = hasRange() ? { podCIDR: '10.244.1.0/24' } : {};
    const status = isReady() ? { conditions: [{ type: 'Ready', status: 'True' }] } : {};
    return { status: 200, text: JSON.stringify({ metadata: { name: 'n' }, spec, status }) };
  },
}));

let folder: string;
let images: readonly ImageArchive[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'haup-join-'));
  const path = join(folder, 'echo.tar');
  await writeFile(path, 'an archive');
  images = [{ path, images: [{ name: 'example.com/echo:1', digest: null }] }] as never;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Part = 'start' | 'well' | 'restart' | 'list' | 'import' | 'forget';
let done: Part[];
/** Paths of files. */
let pushed: string[];
/** How long each import may take. */
let limits: number[];
/** What each import is of: what is sent, or a file of the machine's. */
let imported: string[];
/** Archives that the machine has by itself: bytes and path. */
let seen: string[];
/** How often it was looked whether the kubelet has a certificate. */
let certificateLooks: number;
/** What each part of the machine does when it is told to. */
let machine: Partial<
  Record<Part, (signal: AbortSignal | undefined) => Promise<{ code: number } | undefined>>
>;
let clock: () => string;
/** It needs no token. */
let hasCredentials: boolean;
/** What it is to join by is there. */
let isJoining: boolean;
beforeEach(() => {
  hasCredentials = false;
  isKnown = () => true;
  isReady = () => true;
  isJoining = false;
  clock = () => String(Math.floor(Date.now() / 1000));
  done = [];
  pushed = [];
  limits = [];
  imported = [];
  seen = [];
  certificateLooks = 0;
  calls.length = 0;
  machine = {};
  hasRange = () => true;
});

function partOf(command: string): Part | undefined {
  if (command.includes('systemctl enable')) return 'start';
  if (command.includes('its health check')) return 'well';
  if (command.startsWith('systemctl restart --no-block kubelet')) return 'restart';
  if (command.includes(' list')) return 'list';
  if (command.includes(' import ')) return 'import';
  return command.startsWith('rm -f') ? 'forget' : undefined;
}

async function exec(command: string, { signal, timeoutMs, input }: ExecOptions) {
  const part = partOf(command);
  if (part === 'import') {
    limits.push(timeoutMs!);
    imported.push(input === undefined ? command.split(' ').at(-1)! : 'sent');
  }
  if (command.startsWith('[ -e ')) return { code: isJoining ? 0 : 1, stdout: '', stderr: '' };
  if (command === 'date +%s') return { code: 0, stdout: clock(), stderr: '' };
  const looksAtCertificate = command.includes('openssl') && !part;
  if (looksAtCertificate) certificateLooks++;
  const result = {
    code: looksAtCertificate && !hasCredentials ? 1 : 0,
    stdout: part === 'list' ? seen.map((line) => `sees ${line}\n`).join('') : '',
    stderr: '',
  };
  if (!part) return result;
  const said = await machine[part]?.(signal);
  done.push(part);
  return { ...result, ...said };
}

const session = {
  what: 'n',
  exec,
  run: async (command: string, options: ExecOptions) => (await exec(command, options)).stdout,
  pushFiles: async (files: readonly { path: string }[]) => {
    pushed.push(...files.map(({ path }) => path));
  },
} as unknown as Session;
const node = {
  ...{ cluster: 'demo', name: 'n', internalIp: '10.0.0.3', apiAddress: '198.18.0.10', apiPort: 443 },
  ...{ binaries: { kind: 'mounted', path: '/opt/haup/bin' }, caPem: 'CA' },
} as never;

function gate() {
  let open = (): void => {};
  const opened = new Promise<undefined>((resolve) => {
    open = () => resolve(undefined);
  });
  return { open, opened };
}

/** What has been done but for the order in which it was: much goes side by side. */
const doneSoFar = (): Part[] => done.toSorted();

test('images come as soon as the container runtime runs, whatever else is yet to start', async () => {
  const others = gate();
  machine = { start: () => others.opened };
  const joining = joinNode(session, {} as ApiClient, node, images);
  await vi.waitFor(() => expect(done).toEqual(['list', 'import']));
  others.open();
  await joining;
  expect(done).toEqual(['list', 'import', 'start', 'well', 'forget']);
});

test('images come, and the range is told, while the kubelet is starting', async () => {
  const kubelet = gate();
  const ranged = gate();
  machine = { well: () => kubelet.opened };
  const joining = joinNode(session, {} as ApiClient, node, images, { ranged: async () => ranged.open() });
  await ranged.opened;
  await vi.waitFor(() => expect(doneSoFar()).toEqual(['import', 'list', 'start']));
  kubelet.open();
  expect(await joining).toBe('10.244.1.0/24');
  // What it has joined by goes last: as long as it is there, the node has not got all that it needs.
  expect(done.slice(3)).toEqual(['well', 'forget']);
  const secrets = '/api/v1/namespaces/kube-system/secrets';
  expect(calls).toEqual([`POST ${secrets}`, `DELETE ${secrets}/bootstrap-token`]);
});

test('a node has not joined before the way to its pods is made', async () => {
  const way = gate();
  const ranges: string[] = [];
  const ranged = async (range: string) => {
    ranges.push(range);
    await way.opened;
  };
  const joining = joinNode(session, {} as ApiClient, node, [], { ranged });
  await vi.waitFor(() => expect([ranges, done]).toEqual([['10.244.1.0/24'], ['start', 'well']]));
  way.open();
  await joining;
  expect(done).toEqual(['start', 'well', 'forget']);
});

test('its pods get their network once their images are there and the way to them is made, whatever is not well yet', async () => {
  const [kubeProxy, way, image] = [gate(), gate(), gate()];
  machine = { well: () => kubeProxy.opened, import: () => image.opened };
  const joining = joinNode(session, {} as ApiClient, node, images, {
    ranged: () => way.opened,
    connects: true,
  });
  await vi.waitFor(() => expect(doneSoFar()).toEqual(['list', 'start']));
  way.open();
  await new Promise(setImmediate);
  expect(pushed).not.toContain(nodePaths.conflist);
  image.open();
  await vi.waitFor(() => expect(pushed).toContain(nodePaths.conflist));
  expect(doneSoFar()).toEqual(['import', 'list', 'start']);
  kubeProxy.open();
  await joining;
  expect(done.slice(3)).toEqual(['well', 'forget']);
});

test('one that is connected has joined when it is Ready, and not before: who leaves for it waits', async () => {
  isReady = () => false;
  const joining = joinNode(session, {} as ApiClient, node, images, { connects: true });
  await vi.waitFor(() => expect(pushed).toContain(nodePaths.conflist));
  await vi.waitFor(() => expect(doneSoFar()).toEqual(['import', 'list', 'start', 'well']));
  await new Promise(setImmediate);
  expect(done).not.toContain('forget');
  isReady = () => true;
  await joining;
  expect(done.at(-1)).toBe('forget');
});

test.each([
  ['has joined is then as before', false],
  ['was still to join is that afterwards too, for it may lack images', true],
])('a node that asks for its credentials anew, and %s', async (_, before) => {
  isJoining = before;
  await rejoinNode(session, {} as ApiClient, node);
  expect(done.includes('forget')).toBe(!before);
  expect(calls.map((call) => call.split(' ')[0])).toEqual(['POST', 'DELETE']);
});

test('who brings a network of his own is given none', async () => {
  await joinNode(session, {} as ApiClient, node, images);
  expect(pushed).not.toContain(nodePaths.conflist);
});

test('a kubelet that runs, and whose node somebody has deleted, is started again once: it registers at no other time', async () => {
  hasCredentials = true;
  let known = false;
  isKnown = () => known;
  machine = {
    restart: async () => {
      known = true;
      return undefined;
    },
  };
  expect(await joinNode(session, {} as ApiClient, node, [])).toBe('10.244.1.0/24');
  expect(done).toEqual(['start', 'well', 'restart', 'well', 'forget']);
  expect(calls).toEqual([]);
});

test('a kubelet whose node the API has is not started again, nor is one that has just got its credentials', async () => {
  hasCredentials = true;
  await joinNode(session, {} as ApiClient, node, []);
  expect(done).toEqual(['start', 'well', 'forget']);
  done = [];
  hasCredentials = false;
  let looks = 0;
  isKnown = () => ++looks > 3;
  await joinNode(session, {} as ApiClient, node, []);
  expect(done).toEqual(['start', 'well', 'forget']);
});

test('two archives are on their way at once, and no more', async () => {
  const way = gate();
  let sent = 0;
  machine = {
    import: () => {
      sent++;
      return way.opened;
    },
  };
  const three = [images[0]!, images[0]!, images[0]!];
  const joining = joinNode(session, {} as ApiClient, node, three);
  await vi.waitFor(() => expect([sent, done.length]).toEqual([2, 3]));
  way.open();
  await joining;
  expect(sent).toBe(3);
});

test('an archive that the machine sees by itself is not sent; one that it does not see, or sees another in its place of, is', async () => {
  seen = ['10 /opt/haup/images/one.tar', '11 /opt/haup/images/two.tar'];
  const archives = ['one', 'two', 'three', undefined].map((name) => ({
    ...images[0]!,
    bytes: 10,
    onMachine: name && `/opt/haup/images/${name}.tar`,
  }));
  await joinNode(session, {} as ApiClient, node, archives);
  expect(imported.sort()).toEqual(['/opt/haup/images/one.tar', 'sent', 'sent', 'sent']);
});

test('of a node that is known to lack a certificate nobody asks for one', async () => {
  await joinNode(session, {} as ApiClient, node, [], { lacksCertificate: true });
  expect([certificateLooks, pushed]).toEqual([0, [nodePaths.bootstrapKubeconfig]]);
  await joinNode(session, {} as ApiClient, node, [], { lacksCertificate: false });
  expect(certificateLooks).toBe(1);
});

test('an archive has the more time to come the larger it is', async () => {
  const path = join(folder, 'large.tar');
  await writeFile(path, '');
  await truncate(path, 4 * 2 ** 30);
  await joinNode(session, {} as ApiClient, node, [...images, { ...images[0]!, path }]);
  const [small, large] = limits.sort((a, b) => a - b);
  expect(small).toBeCloseTo(300_000, -2);
  expect(large! - small!).toBeGreaterThan(2 * 3600_000);
});

test('a node whose images do not come has not joined', async () => {
  machine = {
    import: async () => {
      throw new Error('no space left');
    },
  };
  await expect(joinNode(session, {} as ApiClient, node, images)).rejects.toThrow('no space left');
  expect(done).not.toContain('forget');
});

test.each(['start', 'well'] as const)(
  'a kubelet that does not %s is said, and nothing of the rest goes on',
  async (part) => {
    hasRange = () => false;
    const importing = gate();
    let cut = false;
    machine = {
      [part]: async () => {
        await importing.opened;
        return { code: 1 };
      },
      import: (signal) =>
        new Promise((_, reject) => {
          signal!.addEventListener('abort', () => {
            cut = true;
            reject(signal!.reason);
          });
          importing.open();
        }),
    };
    await expect(joinNode(session, {} as ApiClient, node, images)).rejects.toThrow(
      'n: could not start the node',
    );
    expect(cut).toBe(true);
  },
);

test.each([
  ['4 min behind', "its clock is 4 min behind the operator's", -240],
  ['2 hours ahead', "its clock is 2 h 0 min ahead of the operator's", 7200],
  ['unreadable', 'its clock could not be read', null],
])('a node that does not come well, and whose clock is %s, says so', async (_, words, more) => {
  machine = { well: async () => ({ code: 1 }) };
  clock = () => (more === null ? 'date: not found' : String(Math.round(Date.now() / 1000) + more));
  await expect(joinNode(session, {} as ApiClient, node, [])).rejects.toThrow(
    new RegExp(`^n: could not start the node: .*; ${words}$`),
  );
});

test('a clock that is right is not spoken of', async () => {
  machine = { well: async () => ({ code: 1 }) };
  await expect(joinNode(session, {} as ApiClient, node, [])).rejects.toThrow(/^((?!clock).)*$/);
});
