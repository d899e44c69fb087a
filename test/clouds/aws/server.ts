import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Listening, listen } from '../../support/listen.ts';
import type { Faults } from '../shared/faults.ts';
import type { CallInfo } from './ec2-network.ts';
import { addressesOf } from './elb-balancers.ts';
import type { Permissions } from './iam.ts';
import { Refusal, refuse } from './refusal.ts';
import { decode, encode, encodeError, type Service } from './wire.ts';
import type { World } from './world.ts';

type Handler = (input: object, call: CallInfo) => object | Promise<object>;

export interface ServerParts {
  readonly world: World;
  readonly faults: Faults;
  readonly permissions: Permissions;
  readonly handlers: Record<Service, Readonly<Record<string, unknown>>>;
  /** Access keys that are accepted. */
  readonly accessKey: string;
  /** An error that is the cloud's own defect. */
  readonly broke: (error: unknown) => void;
}

/** The HTTP side: signatures' scope, faults, permissions, and the two services' formats. */
export function serve(parts: ServerParts): Promise<Listening> {
  // Time stands still for as long as a client's call is under way (it says so to the clock), unless it is parked here.
  return listen((request, response) => {
    void answer(parts, request, response).catch(parts.broke);
  });
}

async function answer(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { world, faults } = parts;
  const { clock } = world.options;
  // No call of an API's: what resolve-balancers.mjs asks in a program's name.
  if (request.method === 'GET')
    return void response.end(JSON.stringify(addressesOf(world, (request.url ?? '').slice(1))));
  const form = new URLSearchParams(await text(request));
  const action = form.get('Action') ?? '';
  const scope = /Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(
    request.headers.authorization ?? '',
  );
  const service: Service = scope?.[3] === 'elasticloadbalancing' ? 'elasticloadbalancing' : 'ec2';
  const id = `${world.now}-${faults.calls.length}`;
  const fault = faults.arrive(`${service}:${action}`);
  if (fault?.kind === 'cut') return void request.socket.destroy();
  const send = (status: number, body: string) => {
    if (fault?.kind === 'lost-reply') return void request.socket.destroy();
    response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' });
    response.end(body);
  };
  try {
    if (fault?.kind === 'slow') await clock.parked(clock.sleep(fault.ms));
    if (fault?.kind === 'refuse') refuse(fault.code, fault.message, fault.status);
    authenticate(parts, scope);
    const input = decode(service, action, form);
    parts.permissions.check(world, service, action, input);
    const handler = parts.handlers[service][action] as Handler | undefined;
    if (!handler) throw new Error(`this cloud does not have ${service}:${action}`);
    const output = await handler(input, { failLater: fault?.kind === 'fail-later' ? fault : null });
    send(200, encode(service, action, output, id));
  } catch (error) {
    if (!(error instanceof Refusal)) parts.broke(error);
    const refusal = error instanceof Refusal ? error : new Refusal('InternalError', String(error), 500);
    send(refusal.status, encodeError(service, refusal, id));
  }
}

/** The signature itself is the SDK's affair; its key and region are ours. */
function authenticate({ world, accessKey }: ServerParts, scope: RegExpExecArray | null): void {
  if (!scope) refuse('MissingAuthenticationToken', 'Missing Authentication Token', 403);
  const [, key, region] = scope!;
  if (key === 'EXPIRED') refuse('RequestExpired', 'Request has expired.', 400);
  if (key !== accessKey)
    refuse('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
  if (region !== world.options.region)
    refuse('SignatureDoesNotMatch', `Credential should be scoped to a valid region, not '${region}'.`, 403);
}
