import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { openIn } from '../../../../src/providers/aws/index.ts';
import { checked } from '../../../../src/providers/checked.ts';
import { ProviderError } from '../../../../src/providers/errors.ts';
import type { Provider } from '../../../../src/providers/provider.ts';
import { encode } from '../../../clouds/aws/wire.ts';
import { type Damage, damage, mangledValue } from '../../../support/mangled.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { cluster, trueAnswers } from './true-answers.ts';

// Many inputs: how long they take is the host's affair.
vi.setConfig({ testTimeout: 600_000 });

/** More of them: HAUP_FUZZ_RUNS=20000 */
const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? (process.env.CI ? 1_500 : 300));

interface Wire {
  /** In the client library's place: what it makes of an answer. */
  readonly answer?: (action: string) => unknown;
  /** Below the client library: the text of an answer and its status. */
  readonly text?: (action: string) => { status: number; body: string };
  /** Is told of each call that changes something. */
  readonly changed?: (action: string) => void;
}

/** The provider as the engine has it, in a time that does not pass. */
function provider(wire: Wire): Provider {
  const around = async <T>(send: () => Promise<T>, action: string): Promise<T> => {
    if (!action.includes(':Describe')) wire.changed?.(action);
    return wire.answer ? (wire.answer(action) as T) : send();
  };
  return checked(
    openIn(
      {
        cluster,
        settings: { sshFrom: ['203.0.113.7'] },
        signal: new AbortController().signal,
        progress: () => {},
        binariesFolder: '/nonexistent',
        cacheFolder: '/nonexistent',
        environment: {},
      },
      {
        clock: quickClock(50),
        reach: async () => true,
        random: () => 0.5,
        around,
        client: {
          credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
          requestHandler: { handle: async (request: Request) => ({ response: respond(wire, request) }) },
        },
      },
    ),
  );
}

interface Request {
  readonly body: string;
  readonly hostname: string;
}

function respond(wire: Wire, { body, hostname }: Request) {
  const service = hostname.startsWith('ec2') ? 'ec2' : 'elasticloadbalancing';
  const { status, body: text } = wire.text!(`${service}:${new URLSearchParams(body).get('Action')}`);
  return {
    statusCode: status,
    headers: { 'content-type': 'text/xml' },
    body: Readable.from([Buffer.from(text)]),
  };
}

const looks = (p: Provider): (() => Promise<unknown>)[] => [
  () => p.machines.list(),
  () => p.address.read(),
  () => p.balancer.read(),
  () => p.network.ready(),
  () => p.zones(),
  () => p.preflight(),
];

/** What is concluded from one look at everything; of what failed, that it was no defect of ours. */
async function seen(wire: Wire): Promise<unknown[]> {
  const p = provider(wire);
  const outcomes = await Promise.allSettled(looks(p).map((look) => look()));
  await p.close();
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value;
    expect(outcome.reason, outcome.reason?.stack).toBeInstanceOf(ProviderError);
    expect(String(outcome.reason.message)).not.toMatch(/\n|\[object/);
    return undefined;
  });
}

it('a cluster that is answered for as AWS does is seen as it is', async () => {
  const [machines, address, balancer, , zones] = await seen({ answer: (action) => trueAnswers[action] });
  expect(machines).toMatchObject([
    { name: 'demo-master', state: 'running', internalIp: '10.0.0.0' },
    { name: 'demo-master-abc', state: 'running', zone: 'eu-west-1b' },
  ]);
  expect(address).toMatchObject({ ip: '198.51.100.10', holder: { kind: 'balancer' } });
  expect(balancer).toMatchObject({
    complete: true,
    targets: [
      { replica: 'demo-master', health: 'healthy' },
      { replica: 'demo-master-abc', health: 'healthy' },
    ],
  });
  expect(zones).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
});

const oneAnswer = fc.record({
  action: fc.constantFrom(...Object.keys(trueAnswers)),
  all: fc.array(damage, { minLength: 1, maxLength: 3 }),
});

it('an answer with parts missing, of other types or from tomorrow is one error of the provider’s, and never an empty cloud', async () => {
  await fc.assert(
    fc.asyncProperty(oneAnswer, async ({ action, all }) => {
      const parts = all.filter((one): one is Damage & { kind: 'part' } => one.kind === 'part');
      const answers = { ...trueAnswers, [action]: mangledValue(trueAnswers[action], parts) };
      const changed: string[] = [];
      const wire = { answer: (one: string) => answers[one], changed: (one: string) => changed.push(one) };
      const [machines, address, balancer] = await seen(wire);
      expect(changed).toEqual([]);
      // An instance is there that is called by what it is not only if the answer says so: it has one tag less, or another state.
      for (const { state } of (machines as { state: string }[] | undefined) ?? [])
        expect(['running', 'stopped']).toContain(state);
      if (parts.length === 1 && parts[0]!.how.kind === 'missing' && !isItem(action, parts[0]!.at)) {
        expect(machines).not.toEqual([]);
        expect(address).not.toBeNull();
        expect(balancer).not.toBeNull();
      }
    }),
    { seed: 8, numRuns: RUNS },
  );
});

/** Whether that damage leaves a whole thing out of a list, as the truth might. */
function isItem(action: string, at: number): boolean {
  const lists = (value: unknown): number =>
    Array.isArray(value)
      ? value.length + value.reduce<number>((sum, one) => sum + lists(one), 0)
      : value !== null && typeof value === 'object'
        ? Object.values(value).reduce<number>((sum, one) => sum + lists(one), 0)
        : 0;
  const before = lists(trueAnswers[action]);
  const how = { kind: 'missing' as const };
  const after = mangledValue(trueAnswers[action], [{ kind: 'part', at, how }]);
  return lists(after) !== before && Object.keys((after as object | undefined) ?? {}).length > 0;
}

it('what is deleted carries the cluster’s tag, whatever is answered', async () => {
  await fc.assert(
    fc.asyncProperty(oneAnswer, async ({ action, all }) => {
      const parts = all.filter((one) => one.kind === 'part');
      const foreign = JSON.parse(JSON.stringify(trueAnswers[action]).replaceAll(cluster.uid, 'f'.repeat(16)));
      const answers = { ...trueAnswers, [action]: mangledValue(foreign, parts) };
      const changed: string[] = [];
      const p = provider({ answer: (one) => answers[one], changed: (one) => changed.push(one) });
      const foreignOnes = {
        'ec2:DescribeInstances': () => p.machines.delete('demo-master'),
        'ec2:DescribeAddresses': () => p.address.release(),
        'ec2:DescribeSecurityGroups': () => p.network.ensure(),
        'elasticloadbalancing:DescribeTags': () => p.balancer.delete(),
        'elasticloadbalancing:DescribeLoadBalancers': () => p.balancer.delete(),
        'elasticloadbalancing:DescribeTargetGroups': () => p.balancer.delete(),
      };
      const attempt = foreignOnes[action as keyof typeof foreignOnes];
      if (!attempt) return;
      await attempt().catch((error: unknown) => expect(error).toBeInstanceOf(ProviderError));
      // Where the answer leaves the foreign one out, the other half, which carries the tag, may go.
      const ours = { DescribeLoadBalancers: 'DeleteTargetGroup', DescribeTargetGroups: 'DeleteLoadBalancer' };
      const own = ours[action.split(':')[1] as keyof typeof ours];
      expect(changed.filter((one) => one !== `elasticloadbalancing:${own}`)).toEqual([]);
      await p.close();
    }),
    { seed: 8, numRuns: Math.ceil(RUNS / 3) },
  );
});

const element = /<(\w+)>([^<]*)<\/\1>|<(\w+)>/g;
const xmlDamage = fc.oneof(
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('noise' as const), at: fc.nat(), text: fc.string({ maxLength: 20 }) }),
  fc.record({ kind: fc.constant('renamed' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('text' as const), at: fc.nat(), text: fc.string({ unit: 'binary' }) }),
  fc.record({
    kind: fc.constant('instead' as const),
    text: fc.constantFrom(
      '',
      '<html><body>Sign in</body></html>',
      '{}',
      '<a/>',
      '<?xml version="1.0"?>',
      '\0',
    ),
  }),
);

function damaged(xml: string, one: typeof xmlDamage extends fc.Arbitrary<infer T> ? T : never): string {
  if (one.kind === 'instead') return one.text;
  if (one.kind === 'cut') return xml.slice(0, one.at % xml.length);
  if (one.kind === 'noise') {
    const at = one.at % xml.length;
    return xml.slice(0, at) + one.text + xml.slice(at);
  }
  const found = [...xml.matchAll(element)];
  const hit = found[one.at % found.length]!;
  const put =
    one.kind === 'renamed' ? hit[0].replace(/\w+/, 'ofTomorrow') : `<${hit[1]}>${one.text}</${hit[1]}>`;
  return xml.slice(0, hit.index) + put + xml.slice(hit.index + hit[0].length);
}

it('whatever comes over the wire in the place of an answer, with the real client library', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(trueAnswers)),
      xmlDamage,
      fc.constantFrom(200, 200, 200, 302, 403, 407),
      async (action, one, status) => {
        const text = (asked: string) => {
          const [service, name] = asked.split(':') as ['ec2', string];
          const xml = encode(service, name, trueAnswers[asked] ?? {}, 'request-1');
          return asked === action ? { status, body: damaged(xml, one) } : { status: 200, body: xml };
        };
        const [machines, address, balancer] = await seen({ text });
        if (one.kind !== 'instead') return;
        expect(machines).not.toEqual([]);
        expect(address).not.toBeNull();
        expect(balancer).not.toBeNull();
      },
    ),
    { seed: 8, numRuns: Math.ceil(RUNS / 20) },
  );
});
