import { type ApiClient, callApi } from './client.ts';

/** A version of a resource that somebody has asked this API server for since it started, and that will not be served for ever. */
export interface DeprecatedUse {
  /** `flowcontrol.apiserver.k8s.io/v1beta3 flowschemas` */
  readonly resource: string;
  /** The minor that does not serve it any more: 32 of "1.32". */
  readonly removedIn: number;
}

const TIMEOUT_MS = 15_000;
/** All metrics of a busy API server. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What the API server says of that itself: its metric `apiserver_requested_deprecated_apis`. Rejects unless it answers. */
export async function deprecatedUses(api: ApiClient, signal?: AbortSignal): Promise<DeprecatedUse[]> {
  const { status, text } = await callApi(api, {
    path: '/metrics',
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
    signal,
  });
  if (status !== 200) throw new Error(`the metrics of an API server: answered ${status}`);
  return readUses(text);
}

/** Of metrics in Prometheus' text format. */
export function readUses(metrics: string): DeprecatedUse[] {
  const lines = metrics.matchAll(/^apiserver_requested_deprecated_apis\{([^}]*)\} (\S+)$/gm);
  return [...lines].flatMap(([, labels = '', value]) => {
    const label = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const [, minor] = /^1\.(\d+)$/.exec(label('removed_release')) ?? [];
    if (minor === undefined || Number(value) === 0) return [];
    const group = [label('group'), label('version')].filter(Boolean).join('/');
    return [{ resource: `${group} ${label('resource')}`, removedIn: Number(minor) }];
  });
}
