import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rewrite } from '../../../../src/cli/kubeconfig/file.ts';
import { targetFile } from '../../../../src/cli/kubeconfig/target.ts';
import { haup } from '../fake.ts';
import { known, printed } from './clusters.ts';

const asRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let folder: string;
let file: string;
const mounts: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-kubeconfig-'));
  chmodSync(folder, 0o755);
  file = join(folder, 'config');
});
afterEach(() => {
  for (const mount of mounts.splice(0).reverse()) execFileSync('umount', [mount]);
  rmSync(folder, { recursive: true, force: true });
});
function mount(...args: string[]): void {
  execFileSync('mount', args);
  mounts.push(args.at(-1)!);
}
const add = (path = file) => rewrite(path, (before) => `${before}added\n`);
const refusal = (promise: Promise<unknown>): Promise<Error & { kind?: string }> =>
  promise.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error as Error,
  );
const mode = (path: string): number => statSync(path).mode & 0o777;

describe('the file that is merged into', () => {
  it('is where kubectl would write: the first of the list that is there, else the last', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const empty = join(folder, 'home');
    expect(await targetFile(undefined, empty)).toEqual({ file: join(empty, '.kube', 'config'), others: [] });
    expect(await targetFile(`${a}:${b}`, empty)).toEqual({ file: b, others: [] });
    writeFileSync(b, '');
    expect(await targetFile(`${a}::${b}`, empty)).toEqual({ file: b, others: [] });
    writeFileSync(a, '');
    expect(await targetFile(`${a}:${b}`, empty)).toEqual({ file: a, others: [b] });
  });

  it.each([
    ['a folder', () => mkdirSync(file), 'a folder'],
    ['a pipe', () => spawnSync('mkfifo', [file]), 'a pipe'],
    ['a device', () => symlinkSync('/dev/null', file), 'a device'],
  ])('is refused when it is %s', async (_, make, words) => {
    make();
    const before = lstatSync(file);
    const ran = await haup(['kubeconfig', '--merge'], {
      env: { KUBECONFIG: file },
      engine: { kubeconfig: () => Promise.reject(new Error('not asked for')) },
    });
    expect(ran).toMatchObject({
      code: 2,
      out: '',
      err: `haup: KUBECONFIG names ${file}, which is ${words}: name a file, for nothing can be merged into that\n`,
    });
    expect(lstatSync(file).ino).toBe(before.ino);
  });

  it('is refused when it is what a shell makes of <(…)', () => {
    const module = new URL('../../../../src/cli/kubeconfig/target.ts', import.meta.url).pathname;
    const code = `import { targetFile } from ${JSON.stringify(module)};
      await targetFile(process.env.KUBECONFIG, '/').catch((error) => console.log(error.message));`;
    const { stdout } = spawnSync(
      'bash',
      [
        '-c',
        'KUBECONFIG=<(echo x) exec "$0" --import tsx --input-type=module -e "$1"',
        process.execPath,
        code,
      ],
      { encoding: 'utf8' },
    );
    expect(stdout).toMatch(/^KUBECONFIG names \/dev\/fd\/\d+, which is a pipe: name a file/);
  });

  it('is begun where there is none, with its folders, readable by its owner alone', async () => {
    const path = join(folder, 'deep', 'er', 'config');
    await add(path);
    expect(readFileSync(path, 'utf8')).toBe('added\n');
    expect([mode(path), mode(join(folder, 'deep')), mode(join(folder, 'deep', 'er'))]).toEqual([
      0o600, 0o700, 0o700,
    ]);
    expect(readdirSync(join(folder, 'deep', 'er'))).toEqual(['config']);
  });

  it('becomes private, and a link of ours stays a link, also one that leads nowhere yet', async () => {
    mkdirSync(join(folder, 'dot'));
    writeFileSync(join(folder, 'dot', 'real'), 'before\n', { mode: 0o644 });
    symlinkSync('dot/real', file);
    await add();
    expect(readFileSync(join(folder, 'dot', 'real'), 'utf8')).toBe('before\nadded\n');
    expect(mode(join(folder, 'dot', 'real'))).toBe(0o600);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    symlinkSync(join(folder, 'dot', '..', 'dot', 'later'), join(folder, 'dangling'));
    await add(join(folder, 'dangling'));
    expect(readFileSync(join(folder, 'dot', 'later'), 'utf8')).toBe('added\n');
    expect(lstatSync(join(folder, 'dangling')).isSymbolicLink()).toBe(true);
  });

  it('is refused when its links lead in a circle', async () => {
    symlinkSync(file, join(folder, 'other'));
    symlinkSync(join(folder, 'other'), file);
    expect(await refusal(add())).toMatchObject({ name: 'OsError', kind: 'input' });
  });

  it('is not written while kubectl holds its lock, and only then is a lock spoken of', async () => {
    writeFileSync(`${file}.lock`, '');
    const error = await refusal(add());
    expect([error.name, error.message]).toEqual([
      'UsageError',
      expect.stringContaining(`${file}.lock is there`),
    ]);
    expect(readdirSync(folder)).toEqual(['config.lock']);
  }, 20_000);

  it('is as it was when the change is refused', async () => {
    writeFileSync(file, 'before\n');
    const refused = rewrite(file, () => {
      throw new Error('no');
    });
    await expect(refused).rejects.toThrow('no');
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual(['before\n', ['config']]);
  });

  it('is what haup kubeconfig --merge goes to', async () => {
    const text = printed(await known(), 'no');
    const ran = await haup(['kubeconfig', '-c', 'no', '--merge'], {
      env: { KUBECONFIG: file },
      engine: { kubeconfig: async () => ({ text, warnings: [] }) },
    });
    expect(ran).toMatchObject({ code: 0, out: `${file}: the current context is no now\n` });
    writeFileSync(file, 'users: [{name: "no", user: {token: t}}]\n');
    const again = await haup(['kubeconfig', '-c', 'no', '--merge'], {
      env: { KUBECONFIG: file },
      engine: { kubeconfig: async () => ({ text, warnings: [] }) },
    });
    expect(again).toMatchObject({
      code: 0,
      out: `${file}: the current context is haup-no now\n  no is there already, and haup did not write it: it was left as it is\n`,
    });
  });
});

describe.skipIf(!asRoot)('a file on which something is mounted', () => {
  it('is written in place', async () => {
    writeFileSync(join(folder, 'real'), 'before, and longer than what comes after\n');
    writeFileSync(file, '');
    mount('--bind', join(folder, 'real'), file);
    await rewrite(file, () => 'after\n');
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('after\n');
    expect(readdirSync(folder).sort()).toEqual(['config', 'real']);
  });

  it('is written in place in a folder that can only be read', async () => {
    mkdirSync(join(folder, 'ro'));
    writeFileSync(join(folder, 'real'), 'before\n');
    mount('-t', 'tmpfs', 'haup-kubeconfig-test', join(folder, 'ro'));
    writeFileSync(join(folder, 'ro', 'config'), '');
    mount('--bind', join(folder, 'real'), join(folder, 'ro', 'config'));
    execFileSync('mount', ['-o', 'remount,ro', join(folder, 'ro')]);
    await add(join(folder, 'ro', 'config'));
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('before\nadded\n');
  });

  it('has its old text back when the disk is full', async () => {
    mkdirSync(join(folder, 'small'));
    mount('-t', 'tmpfs', '-o', 'size=64k', 'haup-kubeconfig-test', join(folder, 'small'));
    writeFileSync(join(folder, 'small', 'real'), 'before\n');
    writeFileSync(file, '');
    mount('--bind', join(folder, 'small', 'real'), file);
    const error = await refusal(rewrite(file, () => 'x'.repeat(200_000)));
    expect([error.name, error.kind]).toEqual(['OsError', 'host']);
    expect(error.message).toBe(`could not write ${file}: no space left on device (ENOSPC)`);
    expect(readFileSync(file, 'utf8')).toBe('before\n');
  });
});

describe.skipIf(!asRoot)('a disk', () => {
  it('that can only be read is named as such (5), with no word of a lock', async () => {
    mount('-t', 'tmpfs', 'haup-kubeconfig-test', folder);
    writeFileSync(file, 'kind: Config\n');
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    const ran = await haup(['kubeconfig', '--merge'], {
      env: { KUBECONFIG: file },
      engine: { kubeconfig: async () => ({ text: printed(await known(), 'demo'), warnings: [] }) },
    });
    expect(ran.code).toBe(5);
    expect(ran.err).toMatch(new RegExp(`^haup: could not write ${file}: the disk can only be read.*\\n$`));
    expect(ran.err).not.toMatch(/lock|defect/);
    const missing = await refusal(add(join(folder, 'other', 'config')));
    expect([missing.name, missing.kind]).toEqual(['OsError', 'host']);
  });
});

describe.skipIf(!asRoot)("root, in another user's folder", () => {
  beforeEach(() => chownSync(folder, NOBODY, NOBODY));
  const owner = (path: string): number => lstatSync(path).uid;

  it('leaves everything that it makes there to that user, and every file to its owner', async () => {
    await add(join(folder, '.kube', 'config'));
    expect([owner(join(folder, '.kube')), owner(join(folder, '.kube', 'config'))]).toEqual([NOBODY, NOBODY]);
    expect([mode(join(folder, '.kube')), mode(join(folder, '.kube', 'config'))]).toEqual([0o700, 0o600]);
    writeFileSync(file, 'before\n');
    await add();
    expect(owner(file)).toBe(0);
    chownSync(file, NOBODY, NOBODY);
    await add();
    expect(owner(file)).toBe(NOBODY);
  });

  it.each([
    ['in the place of the file', () => file],
    ['on the way', () => join(folder, 'kube')],
  ])('follows no link of theirs %s', async (_, link) => {
    const goal = mkdtempSync(join(tmpdir(), 'haup-root-'));
    try {
      writeFileSync(join(goal, 'config'), 'of root\n');
      symlinkSync(link() === file ? join(goal, 'config') : goal, link());
      lchownSync(link(), NOBODY, NOBODY);
      const path = link() === file ? file : join(link(), 'config');
      const error = await refusal(add(path));
      expect([error.name, error.kind]).toEqual(['OsError', 'input']);
      expect(error.message).toContain(`a link of another user (uid ${NOBODY})`);
      expect(readFileSync(join(goal, 'config'), 'utf8')).toBe('of root\n');
      expect(owner(join(goal, 'config'))).toBe(0);
      expect(readdirSync(goal)).toEqual(['config']);
    } finally {
      rmSync(goal, { recursive: true });
    }
  });

  it('writes into no file that has a second name', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'of root\n');
    writeFileSync(join(folder, 'mounted'), '');
    linkSync(secret, join(folder, 'second'));
    mount('--bind', join(folder, 'second'), join(folder, 'mounted'));
    expect((await refusal(add(join(folder, 'mounted')))).message).toContain('a second name');
    expect(readFileSync(secret, 'utf8')).toBe('of root\n');
    expect(existsSync(join(folder, 'mounted.lock'))).toBe(false);
  });
});
