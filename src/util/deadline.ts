/** Node's timers hold no more (24.9 days), and end at once where they are given it: what is longer takes several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * A signal that aborts with a TimeoutError after `ms`, or with the reason of one of `signals` before that.
 *
 * Node 20's `AbortSignal.any([AbortSignal.timeout(ms)])` never aborts: nothing but the combination holds on to the timeout,
 * and that only weakly, so it is collected with its timer (nodejs/node#54614). Here the timer holds the controller.
 */
export function deadline(ms: number, ...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return begun(ms, signals).signal;
}

/** `work` with such a signal, which holds on to nothing when it has ended: for what is done often under one signal. */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = begun(ms, [signal]);
  try {
    return await work(controller.signal);
  } finally {
    controller.abort();
  }
}

function begun(ms: number, signals: readonly (AbortSignal | undefined)[]): AbortController {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wait = (left: number): void => {
    const over = () => controller.abort(new DOMException(`no end within ${ms / 1000} s`, 'TimeoutError'));
    const part = Math.min(left, LONGEST_TIMER_MS);
    timer = setTimeout(() => (left > part ? wait(left - part) : over()), part);
    timer.unref();
  };
  wait(ms);
  for (const signal of signals) {
    if (signal?.aborted) controller.abort(signal.reason);
    signal?.addEventListener('abort', () => controller.abort(signal.reason), { signal: controller.signal });
  }
  controller.signal.addEventListener('abort', () => clearTimeout(timer));
  return controller;
}
