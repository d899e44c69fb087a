/** What a build has come to, from the lines that its script and Go print. */
export interface BuildProgress {
  /** Takes one more line in. Returns true for one that says something else than how far it is: worth keeping for an error. */
  heard(line: string): boolean;
  /** `etcd v3.7.3: compiling, 212 of at most 630 packages (go.etcd.io/bbolt), for 1m05s` */
  said(): string;
}

const STAGE = /^build-[a-z-]+: (?!compiling)(.*)$/;
const TOTAL = /^build-[a-z-]+: compiling (\d+) packages$/;
const DOWNLOAD = /^go: (?:downloading|extracting) (\S+) /;
/** A package's path, and nothing else. */
const PACKAGE = /^[A-Za-z0-9._~/-]+$/;

export function buildProgress(now: () => number): BuildProgress {
  const began = now();
  let stage = '';
  let total = 0;
  let packages = 0;
  let modules = 0;
  let doing = 'getting ready';
  return {
    heard(line) {
      const [, next] = STAGE.exec(line) ?? [];
      const [, count] = TOTAL.exec(line) ?? [];
      const [, module] = DOWNLOAD.exec(line) ?? [];
      if (next !== undefined) {
        [stage, doing, packages, total, modules] = [next, 'getting ready', 0, 0, 0];
      } else if (count !== undefined) {
        [total, packages] = [Number(count), 0];
        doing = `compiling, ${total} packages at most`;
      } else if (module !== undefined) {
        modules += 1;
        doing = `downloading its modules, ${modules} so far (${module})`;
      } else if (PACKAGE.test(line)) {
        packages += 1;
        doing = `compiling, ${packages} of at most ${total} packages (${line})`;
      } else {
        doing = line;
        return true;
      }
      return false;
    },
    said: () => `${stage ? `${stage}: ` : ''}${doing}, for ${minutes(now() - began)}`,
  };
}

function minutes(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return seconds < 60
    ? `${seconds}s`
    : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}
