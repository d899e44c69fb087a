import type { HaupEvent } from '../../cluster/loop/events.ts';
import { replaceFile } from '../../util/files.ts';
import type { Ending, Noted } from './document.ts';

export interface Recorder {
  note(event: HaupEvent): void;
  /** Writes the page, and the same for programs beside it. @returns the files */
  write(ending: Pick<Ending, 'command' | 'cluster' | 'dryRun' | 'error'>): Promise<readonly string[]>;
}

/** Keeps what is said of a change, for a report at its end, whatever that is. `path` names the page or the JSON. */
export function openRecorder(path: string, now: () => number): Recorder {
  const notes: Noted[] = [];
  const began = now();
  return {
    note(event) {
      notes.push({ at: now(), event });
    },
    async write(ending) {
      const [{ packageVersion }, { reportOf }, { changePage }] = await Promise.all([
        import('../../util/package-root.ts'),
        import('./document.ts'),
        import('./page.ts'),
      ]);
      const report = reportOf(notes, { ...ending, haup: packageVersion(), began, ended: now() });
      const [html, json] = filesOf(path);
      await replaceFile(html, changePage(report), { mode: 0o644 });
      await replaceFile(json, `${JSON.stringify(report)}\n`, { mode: 0o644 });
      return [html, json];
    },
  };
}

/** A page's file, and the JSON's beside it. */
export function filesOf(path: string): readonly [html: string, json: string] {
  const json = `${path.replace(/\.(html?|json)$/, '')}.json`;
  return [path === json ? `${path.slice(0, -'.json'.length)}.html` : path, json];
}
