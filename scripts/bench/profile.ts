import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HOME } from './home.ts';

const profileSchema = z.object({
  nodes: z.array(
    z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string() }) }),
  ),
  samples: z.array(z.number()),
  /** Microseconds since the sample before. */
  timeDeltas: z.array(z.number()),
});

export interface Part {
  readonly name: string;
  readonly seconds: number;
}

const hook = new URL('profiled.mjs', import.meta.url).href;

/** Runs `work` with the environment that has haup write a profile; what took its main thread's time, the most first. */
export async function profiled(work: (env: Record<string, string>) => Promise<unknown>): Promise<Part[]> {
  const file = join(HOME, 'haup.cpuprofile');
  await work({ NODE_OPTIONS: `--import ${hook}`, BENCH_PROFILE: file });
  const parts = digest(readFileSync(file, 'utf8'));
  rmSync(file);
  return parts;
}

/** The time of each owner of code itself, without what it called. */
function digest(text: string): Part[] {
  const { nodes, samples, timeDeltas } = profileSchema.parse(JSON.parse(text));
  const owners = new Map(nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]));
  const seconds = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const owner = owners.get(id)!;
    seconds.set(owner, (seconds.get(owner) ?? 0) + (timeDeltas[index] ?? 0) / 1e6);
  }
  seconds.delete('(idle)');
  return [...seconds]
    .map(([name, value]) => ({ name, seconds: value }))
    .sort((a, b) => b.seconds - a.seconds);
}

function ownerOf({ functionName, url }: { readonly functionName: string; readonly url: string }): string {
  const [, dependency] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (dependency) return dependency;
  if (url.startsWith('node:'))
    return url.replace(/^node:(internal\/)?/, 'node ').replace(/(node [^/]+).*/, '$1');
  // "(program)" is native code that V8 knows nothing of, "(garbage collector)" itself.
  if (url === '') return functionName.startsWith('(') ? functionName : 'native functions';
  return 'haup';
}
