import type { Status } from '../../../cluster/plan/status.ts';
import { messageOf } from '../../../util/failure.ts';
import type { Surroundings } from '../../surroundings.ts';
import { type About, spelled } from '../remedy.ts';
import { printableJson, safe } from '../safe.ts';
import { serialize } from '../serialize.ts';
import { renderStatus } from '../status.ts';
import { style, truncate } from '../style.ts';
import { clockTime } from '../time.ts';
import { painter } from './painter.ts';

const PAUSE_MS = 2_000;

/**
 * Looks every two seconds until it is interrupted: on a terminal the status is redrawn in place, elsewhere it is
 * printed when it has changed (JSON: one document a line). A failed look is shown and looked past, except the first.
 */
export async function watchStatus(
  call: {
    readonly about: About;
    readonly world: Surroundings;
    readonly signal: AbortSignal;
    settle(): void;
  },
  look: () => Promise<Status>,
  output: 'text' | 'json' | 'yaml',
): Promise<number> {
  const { world, signal, about } = call;
  const { out } = world;
  const live = output === 'text' && out.isTTY;
  const painted = painter(out);
  let last = '';
  let seen = await look();
  call.settle();
  let trouble: string | null = null;
  const draw = () => {
    const marks = style(out);
    const head = `${clockTime(world.now())}${trouble ? `  ${marks.bad(trouble)}` : ''}`;
    const lines = [
      ...renderStatus(seen, marks, out.columns - 1, about.store),
      '',
      marks.dim(`${head}  every 2 s; Ctrl-C ends it`),
    ];
    painted.paint(lines.slice(0, out.rows - 1).map((line) => truncate(line, out.columns - 1)));
  };
  const forget = live ? out.onResize(draw) : () => {};
  try {
    for (;;) {
      if (live) draw();
      else last = await printChange(seen, trouble, last, { output, about, world });
      if (out.gone) return 0; // `| head -1`: nobody reads on
      await world.sleep(PAUSE_MS, signal);
      try {
        seen = await look();
        trouble = null;
      } catch (error) {
        trouble = safe(messageOf(error));
      }
      signal.throwIfAborted();
    }
  } catch (error) {
    if (signal.aborted) return 0; // its usual end
    throw error;
  } finally {
    forget();
    if (live) painted.leave(renderStatus(seen, style(out), out.columns, about.store));
  }
}

async function printChange(
  seen: Status,
  trouble: string | null,
  last: string,
  how: { output: 'text' | 'json' | 'yaml'; about: About; world: Surroundings },
): Promise<string> {
  const { output, about } = how;
  const { out, err, now } = how.world;
  const text =
    output === 'json'
      ? `${printableJson(spelled(seen, about))}\n`
      : output === 'yaml'
        ? `---\n${await serialize(spelled(seen, about), 'yaml')}`
        : `${renderStatus(seen, style(out), undefined, about.store).join('\n')}\n`;
  const key = `${trouble ?? ''}${text}`;
  if (key === last) return last;
  if (trouble) err.write(`${clockTime(now())} ${trouble}\n`);
  else out.write(output === 'text' ? `${clockTime(now())}\n${text}\n` : text);
  return key;
}
