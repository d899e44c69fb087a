import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { entriesOf } from '../../../../src/cli/kubeconfig/document.ts';
import { mergeKubeconfig } from '../../../../src/cli/kubeconfig/merge.ts';
import { issueClient } from '../../../../src/pki/issue.ts';
import { type Known, known, printed } from './clusters.ts';

let ours: Known;
let other: Known;
beforeAll(async () => {
  [ours, other] = await Promise.all([known(), known()]);
});

const merge = (existing: string, addition: string, others: string[] = []) =>
  mergeKubeconfig(
    existing,
    addition,
    'f',
    others.map((text) => entriesOf(text, 'g')),
  );

/** As kubectl writes it, and as people do. */
const theirs = `# my clusters
apiVersion: v1
kind: Config
preferences: {}
clusters:
- name: work # do not touch
  cluster:
    server:    "https://work"
# after work
users: [] # nobody
contexts:
  - {name: work, context: {cluster: work, user: me}}

  # the end
current-context: work
`;

interface Read {
  clusters: { name: string; cluster: Record<string, unknown> }[];
  users: { name: string; user: Record<string, unknown> }[];
  contexts: { name: string; context: Record<string, unknown> }[];
  'current-context': string;
}
const read = (text: string): Read => parse(text) as Read;
const named = <T extends { name: string }>(list: T[], name: string): T => {
  const found = list.filter((one) => one.name === name);
  expect(found).toHaveLength(1);
  return found[0]!;
};

/** Every line of `before` is in `after`, in order, but for those in `changed`. */
function keepsLines(before: string, after: string, changed: readonly string[] = []): void {
  const lines = after.split('\n');
  let at = 0;
  for (const line of before.split('\n')) {
    if (changed.includes(line)) continue;
    const found = lines.indexOf(line, at);
    expect(found, `the line ${JSON.stringify(line)}`).toBeGreaterThanOrEqual(at);
    at = found + 1;
  }
}

describe('merging a kubeconfig', () => {
  it('keeps every line that is there, and makes the new context the current one', () => {
    const { text, context, taken } = merge(theirs, printed(ours, 'demo'));
    expect([context, taken]).toEqual(['demo', null]);
    keepsLines(theirs, text, ['users: [] # nobody', 'current-context: work']);
    expect(text).toContain('# nobody');
    const merged = read(text);
    expect(merged.clusters.map((one) => one.name)).toEqual(['work', 'demo']);
    expect(merged.contexts.map((one) => one.name)).toEqual(['work', 'demo']);
    expect(merged.users.map((one) => one.name)).toEqual(['demo']);
    expect(merged['current-context']).toBe('demo');
  });

  it('a second time writes over its own entries, whatever is new, and nothing else', async () => {
    const once = merge(theirs, printed(ours, 'demo')).text;
    const admin = await issueClient('admin', ours.authorities);
    const { text, context } = merge(once, printed(ours, 'demo', { server: 'https://new', admin }));
    expect(context).toBe('demo');
    const merged = read(text);
    expect(merged.clusters).toHaveLength(2);
    expect(named(merged.clusters, 'demo').cluster.server).toBe('https://new');
    expect(named(merged.users, 'demo').user['client-certificate-data']).toBe(
      Buffer.from(admin.certPem).toString('base64'),
    );
    keepsLines(theirs, text, ['users: [] # nobody', 'current-context: work']);
    expect(merge(text, printed(ours, 'demo', { server: 'https://new', admin })).text).toBe(text);
  });

  it('keeps what its user set in our entries: a proxy, a namespace', () => {
    const once = merge('', printed(ours, 'demo')).text;
    const set = once
      .replace('    cluster:\n', '    cluster:\n      proxy-url: socks5://localhost:1080\n')
      .replace('    context:\n', '    context:\n      namespace: shop # mine\n');
    const { text } = merge(set, printed(ours, 'demo', { server: 'https://new' }));
    expect(named(read(text).clusters, 'demo').cluster).toMatchObject({
      'proxy-url': 'socks5://localhost:1080',
      server: 'https://new',
    });
    expect(named(read(text).contexts, 'demo').context.namespace).toBe('shop');
    expect(text.includes('namespace: shop # mine')).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a comment', '# mine\n'],
    ['a comment without a line end', '# mine'],
    ['an empty map', '{}'],
    ['nulls', 'clusters:\nusers:\ncontexts: null\ncurrent-context:\n'],
    ['one section', 'clusters:\n  - name: a\n    cluster: {server: b}'],
    [
      'JSON',
      '{"apiVersion": "v1", "kind": "Config", "clusters": [{"name": "a", "cluster": {}}], "users": []}',
    ],
    [
      'JSON in lines',
      JSON.stringify({ kind: 'Config', users: [{ name: 'a', user: {} }], 'current-context': 'x' }, null, 2),
    ],
    ['a flow list', 'clusters: [{name: a, cluster: {server: b}}] # c\n'],
    [
      'lines of Windows',
      'kind: Config\r\nclusters:\r\n- name: a\r\n  cluster: {server: b}\r\nusers:\r\ncurrent-context: a\r\n',
    ],
    ['a block of text last', 'kind: Config\nnote: |\n  a\n\n  b\n'],
    ['deep comments', 'clusters:\n- name: a\n  cluster: {}\n    # deep\n\n\nusers:\n# none\n'],
    ['a document mark', '---\nkind: Config\n...\n'],
    ['anchors', 'x: &x {server: b}\nclusters:\n- name: a\n  cluster: *x\n- name: b\n  cluster: {<<: *x}\n'],
  ])('begins or goes on from %s', (_, existing) => {
    const before = (parse(existing, { merge: true }) ?? {}) as Partial<Read>;
    const { text } = merge(existing, printed(ours, 'demo'));
    const merged = parse(text, { merge: true }) as Read;
    expect(merged['current-context']).toBe('demo');
    expect(merged.clusters).toEqual([...(before.clusters ?? []), expect.objectContaining({ name: 'demo' })]);
    expect(merged.users).toEqual([...(before.users ?? []), expect.objectContaining({ name: 'demo' })]);
    for (const comment of existing.match(/#.*/g) ?? []) expect(text).toContain(comment.trimEnd());
    expect(/\r\n/.test(existing) && /[^\r]\n/.test(text)).toBe(false);
  });

  it.each([
    ['not YAML', 'a: [1\nb'],
    ['another kind', 'kind: Pod\n'],
    ['a list', '- a\n'],
    ['odd clusters', 'kind: Config\nclusters: 7\n'],
    ['two documents', 'kind: Config\n---\nkind: Config\n'],
    ['an alias to nothing', 'clusters: *a\n'],
  ])('refuses what is %s', (_, text) => {
    expect(() => merge(text, printed(ours, 'demo'))).toThrow(/left as it is/);
  });
});

describe('an entry that haup did not write', () => {
  const foreign = {
    cluster: `clusters:
- name: kubernetes
  cluster: {server: https://elsewhere}
contexts:
- name: mine
  context: {cluster: kubernetes, user: me}
`,
    user: `users:
- name: kubernetes
  user: {token: secret}
contexts:
- name: mine
  context: {cluster: work, user: kubernetes}
`,
    context: 'contexts:\n- name: kubernetes\n  context: {cluster: work, user: me}\n',
    'context that leads to a cluster that is not there':
      'contexts:\n- name: mine\n  context: {cluster: kubernetes}\n',
    'context that uses a user who is not there':
      'contexts:\n- name: mine\n  context: {cluster: a, user: kubernetes}\n',
    'cluster without an address': 'clusters:\n- name: kubernetes\n',
    'cluster at our address':
      'clusters:\n- name: kubernetes\n  cluster: {server: "https://198.18.0.10:443"}\n',
  };

  it.each(Object.entries(foreign))('(a %s) is not touched: a free name is taken and said', (_, existing) => {
    const { text, context, taken } = merge(existing, printed(ours, 'kubernetes'));
    expect([context, taken]).toEqual(['haup-kubernetes', 'kubernetes']);
    keepsLines(existing, text);
    const merged = read(text);
    expect(named(merged.contexts, context).context).toMatchObject({ cluster: context, user: context });
    expect(named(merged.clusters, context).cluster.server).toBe('https://198.18.0.10:443');
    expect(merged['current-context']).toBe(context);
    // And again: the same name, not a third one.
    expect(merge(text, printed(ours, 'kubernetes')).text).toBe(text);
  });

  it("of another cluster of haup's of that name is not touched either", () => {
    const before = merge('', printed(other, 'demo', { server: 'https://198.18.9.10:443' })).text;
    const { text, context } = merge(before, printed(ours, 'demo'));
    expect(context).toBe('haup-demo');
    keepsLines(before, text, ['current-context: demo']);
    expect(merge(text, printed(other, 'demo', { server: 'https://198.18.9.10:443' })).context).toBe('demo');
  });

  it('is not one that haup wrote for a cluster that is gone, whose name and address ours has now', () => {
    const before = merge(theirs, printed(other, 'demo')).text;
    const { text, context } = merge(before, printed(ours, 'demo'));
    expect(context).toBe('demo');
    expect(text).not.toContain(other.uid);
    expect(read(text).users).toHaveLength(1);
  });

  it('is not one of an older haup, which left no mark, for this very cluster', () => {
    const before = merge(theirs, printed(ours, 'demo', { unmarked: true })).text;
    const { text, context } = merge(before, printed(ours, 'demo'));
    expect([context, read(text).clusters.length]).toEqual(['demo', 2]);
    const foreignOne = merge(theirs, printed(other, 'demo', { unmarked: true })).text;
    expect(merge(foreignOne, printed(ours, 'demo')).context).toBe('haup-demo');
  });

  it('in another file that kubectl reads as well counts too', () => {
    for (const existing of Object.values(foreign))
      expect(merge('', printed(ours, 'kubernetes'), [existing]).context).toBe('haup-kubernetes');
    const before = merge('', printed(ours, 'kubernetes')).text;
    expect(merge('', printed(ours, 'kubernetes'), [before]).context).toBe('kubernetes');
  });

  it('with each of a hundred names is refused', () => {
    const names = [
      'demo',
      'haup-demo',
      ...Array.from({ length: 98 }, (_, index) => `haup-demo-${index + 2}`),
    ];
    const existing = `clusters:\n${names.map((name) => `- {name: ${name}, cluster: {}}\n`).join('')}`;
    expect(() => merge(existing, printed(ours, 'demo'))).toThrow(/rename/);
  });
});

describe('names that YAML 1.1 takes for something else', () => {
  it.each(['no', 'on', 'off', 'yes', 'y', 'n', 'null', 'true', 'e1'])('%s is quoted', (name) => {
    const { text, context } = merge(theirs, printed(ours, name));
    expect(context).toBe(name);
    const merged = parse(text, { version: '1.1' }) as Read;
    expect(merged['current-context']).toBe(name);
    expect(named(merged.contexts, name).context).toMatchObject({ cluster: name, user: name });
  });
});
