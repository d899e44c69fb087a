import type * as Ec2 from '@aws-sdk/client-ec2';
import type * as Elb from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Clock } from '../../../util/clock.ts';
import { isTransient, retry } from '../../shared/retry.ts';
import type { Ec2Calls, ElbCalls } from './calls.ts';
import { AwsError, awsError, hasCode } from './errors.ts';
import { type Ec2Replies, type ElbReplies, ec2Replies, elbReplies, readReply } from './replies.ts';

export interface CallOptions {
  /** Refusals that mean "not yet" here, though in general they are final: the reference to a thing made a moment ago. */
  readonly patience?: readonly string[] | ((error: AwsError) => boolean);
  /** How long to retry. Default 300 000. */
  readonly deadlineMs?: number;
  /** Look again within a second: clients are waiting. */
  readonly brisk?: boolean;
  /** Do not repeat the call when it may have been carried out: it is not idempotent. */
  readonly once?: boolean;
}

/** The calls of both services: retried, their answers read by replies.ts, and failing with {@link AwsError} only. */
export interface Api {
  ec2<A extends keyof Ec2Calls>(
    action: A,
    input: Ec2Calls[A][0],
    options?: CallOptions,
  ): Promise<Ec2Replies[A]>;
  elb<A extends keyof ElbCalls>(
    action: A,
    input: ElbCalls[A][0],
    options?: CallOptions,
  ): Promise<ElbReplies[A]>;
  /** The same calls, not stopped by the operator's interrupt: for what must not end in its middle. */
  readonly uninterrupted: Api;
  readonly signal: AbortSignal;
  close(): void;
}

export interface ApiOptions {
  readonly region: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random?: () => number;
  /** Around each single request ("ec2:RunInstances"). Tests make simulated time stand still here, and kill processes. */
  readonly around?: <T>(send: () => Promise<T>, action: string) => Promise<T>;
  /** Over the SDK's own chain; tests give their cloud and its credentials. */
  readonly client?: Pick<Ec2.EC2ClientConfig, 'endpoint' | 'credentials' | 'requestHandler'>;
}

type Send = (action: string, input: object) => Promise<unknown>;

/** Both clients, loaded at the first call: importing them takes a third of a second. */
function clients(options: ApiOptions) {
  let ec2: { send: Send; destroy(): void } | undefined;
  let elb: { send: Send; destroy(): void } | undefined;
  const config = {
    region: options.region,
    maxAttempts: 1, // retried in one place, here, with the operator's interrupt and time limits
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
    ...options.client,
  };
  return {
    async ec2(action: string, input: object) {
      ec2 ??= bind(await import('@aws-sdk/client-ec2'), (sdk) => new sdk.EC2Client(config));
      return ec2.send(action, input);
    },
    async elb(action: string, input: object) {
      elb ??= bind(
        await import('@aws-sdk/client-elastic-load-balancing-v2'),
        (sdk) => new sdk.ElasticLoadBalancingV2Client(config),
      );
      return elb.send(action, input);
    },
    close() {
      ec2?.destroy();
      elb?.destroy();
    },
  };
}

function bind<Sdk extends typeof Ec2 | typeof Elb>(
  sdk: Sdk,
  open: (sdk: Sdk) => { send(command: never): Promise<unknown>; destroy(): void },
) {
  const client = open(sdk);
  const commands = sdk as unknown as Record<string, new (input: object) => never>;
  return {
    send: (action: string, input: object) => client.send(new commands[`${action}Command`]!(input)),
    destroy: () => client.destroy(),
  };
}

export function openApi(options: ApiOptions): Api {
  const sdk = clients(options);
  const around = options.around ?? ((send) => send());
  const withSignal = (signal: AbortSignal): Omit<Api, 'uninterrupted'> => {
    const call = async (
      service: string,
      send: Send,
      action: string,
      input: object,
      how: CallOptions = {},
    ) => {
      const name = `${service}:${action}`;
      return retry(
        () =>
          around(
            () =>
              send(action, input).catch((error) => {
                throw awsError(error, name);
              }),
            name,
          ),
        {
          what: name,
          clock: options.clock,
          signal,
          deadlineMs: how.deadlineMs ?? 300_000,
          again: (error) => again(error, how),
          ...(how.brisk ? { firstPauseMs: 250, maxPauseMs: 1000 } : {}),
          ...(options.random ? { random: options.random } : {}),
        },
      );
    };
    return {
      signal,
      async ec2(action, input, how) {
        const answer = await call('ec2', sdk.ec2, action, input, how);
        return readReply(ec2Replies[action], answer, `ec2:${action}`) as never;
      },
      async elb(action, input, how) {
        const service = 'elasticloadbalancing';
        const answer = await call(service, sdk.elb, action, input, how);
        return readReply(elbReplies[action], answer, `${service}:${action}`) as never;
      },
      close: () => sdk.close(),
    };
  };
  const uninterrupted = withSignal(new AbortController().signal) as Api;
  (uninterrupted as { uninterrupted: Api }).uninterrupted = uninterrupted;
  return { ...withSignal(options.signal), uninterrupted };
}

function again(error: unknown, how: CallOptions): boolean {
  const { patience = [] } = how;
  if (
    error instanceof AwsError &&
    (typeof patience === 'function' ? patience(error) : hasCode(error, patience))
  )
    return true;
  if (!isTransient(error)) return false;
  return !(how.once && (error as { ambiguous?: boolean }).ambiguous);
}
