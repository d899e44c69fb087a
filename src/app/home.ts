import type { Emit } from '../cluster/loop/events.ts';
import type { Observation } from '../cluster/model/observation.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';
import type { RealWorld } from '../cluster/world/world.ts';
import type { Home, Provider } from '../providers/provider.ts';
import { messageOf } from '../util/failure.ts';

/** The spec with the project or account that its cluster is in; the same one where it says that, or where nobody can. */
export async function withHome(provider: Pick<Provider, 'home'>, spec: ClusterSpec): Promise<ClusterSpec> {
  const found = Object.entries((await provider.home?.()) ?? {});
  const news = found.filter(
    ([key, value]) => value !== undefined && spec.settings[key as keyof Home] === undefined,
  );
  return news.length === 0 ? spec : { ...spec, settings: { ...spec.settings, ...Object.fromEntries(news) } };
}

/** A cluster of before does not say where it is: that is where machines of it are seen. What was done is done whether or not that is kept. */
export async function keepHome(
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
  open: { readonly provider: Pick<Provider, 'home'>; readonly world: Pick<RealWorld, 'spec' | 'save'> },
  { machines }: Pick<Observation, 'machines'>,
): Promise<void> {
  if (machines.length === 0) return;
  const { provider, world } = open;
  const spec = world.spec();
  try {
    const after = await withHome(provider, spec);
    if (after !== spec) await world.save(after);
  } catch (error) {
    signal.throwIfAborted();
    emit({ type: 'warning', message: `where ${spec.name} is could not be kept: ${messageOf(error)}` });
  }
}
