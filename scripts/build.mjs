/**
 * Builds the command into dist/cli: one file for what every command needs, and one for each part that is loaded when it is wanted
 * (a provider with its cloud's client). Packages stay outside. Types are checked by `npm run typecheck`.
 *
 *   node scripts/build.mjs [FOLDER]
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'dist/cli'));
const fresh = `${folder}.${randomBytes(4).toString('hex')}`;

/** The scripts for machines are read from src in a checkout; the built command has them in itself. */
const shellFiles = {
  name: 'shell-files',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/util\/shell-file\.ts$/ }, () => {
      const src = join(root, 'src');
      const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
        path.endsWith('.sh'),
      );
      const texts = Object.fromEntries(paths.map((path) => [path, readFileSync(join(src, path), 'utf8')]));
      const contents = `const texts = ${JSON.stringify(texts)};\nexport const shellFile = (path) => texts[path];`;
      return { contents, loader: 'js' };
    });
  },
};

try {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outdir: fresh,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [shellFiles],
  });
  // What a federation's masters run, in one file, with all that it needs.
  await build({
    absWorkingDir: root,
    entryPoints: { federation: 'src/federation/controller/main.ts' },
    outdir: fresh,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minify: true,
    // The clouds' DNS clients are CommonJS in parts, and ask for Node's own modules by require.
    banner: { js: "import{createRequire as need}from'node:module';const require=need(import.meta.url);" },
    logLevel: 'warning',
  });
  // Nobody who starts meanwhile meets half of it.
  mkdirSync(dirname(folder), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
