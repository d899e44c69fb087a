import type { IncomingMessage, ServerResponse } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { listen } from '../../support/listen.ts';
import { addressHandlers } from './addresses.ts';
import { balancingHandlers } from './balancing.ts';
import type { Ask, GceCloud, Handler } from './cloud.ts';
import { groupHandlers } from './groups.ts';
import { instanceHandlers } from './instances.ts';
import { otherHandlers } from './other-calls.ts';
import { partOf, SYSTEM_PARAMETERS } from './parameters.ts';
import { permissionsOf } from './permissions.ts';
import { routeHandlers } from './pod-routes.ts';
import { fieldsOf, type Route, routes, wrongWith } from './protos.ts';
import { readHandlers } from './reads.ts';
import { notFound, Refusal } from './refusal.ts';
import type { Message } from './store.ts';

const handlers: Readonly<Record<string, Handler>> = {
  ...addressHandlers,
  ...instanceHandlers,
  ...groupHandlers,
  ...balancingHandlers,
  ...otherHandlers,
  ...routeHandlers,
  ...readHandlers,
};

export interface GceServer {
  readonly port: number;
  /** For `CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE`. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Serves a cloud (the one that there is when a request comes) over HTTP, where the real client finds it. */
export async function serve(cloud: () => GceCloud): Promise<GceServer> {
  const { port, url, close } = await listen((request, response) => {
    void answer(cloud(), request, response);
  });
  return { port, endpoint: `${url}/compute/v1/`, close };
}

async function answer(cloud: GceCloud, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://gce');
    if (url.pathname === '/sts/token') {
      if (cloud.loginExpired) return send(response, 400, expired);
      return send(response, 200, token);
    }
    const found = route(request.method ?? '', url.pathname);
    if (!found) throw notFound(url.pathname);
    const [matched, path] = found;
    const text = await textOf(request);
    const fault = cloud.faults.arrive(matched.method);
    if (fault?.kind === 'cut') return void request.socket.destroy();
    if (fault?.kind === 'refuse') throw new Refusal(fault.status, fault.code, fault.message);
    const ask = check(cloud, matched, path, url, text);
    const message = await handlerOf(matched)(cloud, { ...ask, fault });
    const wrong = wrongWith(message, matched.responseType, 'answer');
    if (wrong) throw new Error(`the test cloud answers ${matched.method} wrongly: ${wrong}`);
    if (fault?.kind === 'lost-reply') return void request.socket.destroy();
    send(response, 200, partOf(message, url.searchParams.get('fields')));
  } catch (error) {
    if (error instanceof Refusal) return send(response, error.status, error.body());
    const words = error instanceof Error ? error.stack : String(error);
    // A defect of the test cloud: not a status that anybody would try again.
    send(response, 501, {
      error: { code: 501, message: `test cloud: ${words}`, errors: [{ reason: 'testCloud' }] },
    });
  }
}

function route(method: string, pathname: string): [Route, Record<string, string>] | null {
  for (const each of routes) {
    const match = each.http === method ? each.pattern.exec(pathname) : null;
    if (match)
      return [
        each,
        Object.fromEntries(
          each.pathFields.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]),
        ),
      ];
  }
  return null;
}

function handlerOf({ method }: Route): Handler {
  const found = handlers[method];
  if (!found) throw new Error(`no handler for ${method}`);
  return found;
}

/** Permissions, parameters and body of a request, as GCE checks them before anything happens. */
function check(
  cloud: GceCloud,
  matched: Route,
  path: Record<string, string>,
  url: URL,
  text: string,
): Omit<Ask, 'fault'> {
  for (const permission of permissionsOf(matched.method)) {
    if (cloud.denied.has(permission))
      throw new Refusal(
        403,
        'forbidden',
        `Required '${permission}' permission for 'projects/${cloud.project}'`,
      );
  }
  const params: Record<string, string> = { ...path };
  for (const [name, value] of url.searchParams) {
    if (SYSTEM_PARAMETERS.has(name)) continue;
    if (!fieldsOf(matched.requestType)?.[name])
      throw new Refusal(
        400,
        'badRequest',
        `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter.`,
      );
    params[name] = value;
  }
  if (params.project !== cloud.project)
    throw new Refusal(404, 'notFound', `The resource 'projects/${params.project}' was not found`);
  const body: Message = text ? (JSON.parse(text) as Message) : {};
  const type = matched.body && fieldsOf(matched.requestType)?.[matched.body]?.type;
  if (type) {
    const wrong = wrongWith(body, type);
    if (wrong) throw new Refusal(400, 'badRequest', wrong);
  } else if (Object.keys(body).length > 0) throw new Refusal(400, 'badRequest', 'this method takes no body');
  return { method: matched.method, params, body };
}

const token = {
  access_token: 'test-token',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 3600,
};

/** RFC 6749, section 5.2. */
const expired = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' };

function send(response: ServerResponse, status: number, message: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(message));
}
