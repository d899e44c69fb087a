import type { ArtifactProgress, OnProgress } from '../artifacts/progress.ts';
import type { Emit } from '../cluster/loop/events.ts';

/** Tells the progress of getting the binaries. */
export function tellProgress(emit: Emit): OnProgress {
  return (progress) => emit({ type: 'progress', ...progressText(progress) });
}

/** As a topic and a line for it. */
export function progressText(progress: ArtifactProgress): { topic: string; message: string } {
  switch (progress.kind) {
    case 'message':
      return { topic: `binaries ${progress.text}`, message: progress.text };
    case 'build':
      return { topic: 'build', message: `building the binaries: ${progress.line}` };
    case 'download': {
      const part = progress.total
        ? `${Math.floor((progress.received / progress.total) * 100)} %`
        : `${Math.floor(progress.received / 1e6)} MB`;
      return { topic: `download ${progress.file}`, message: `downloading ${progress.file}: ${part}` };
    }
  }
}
