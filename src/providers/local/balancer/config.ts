import { parseIp } from '../../../util/ipv4.ts';
import { BALANCER_IP } from '../address/addresses.ts';

/** Where the balancer sends connections: a machine's name and private address. */
export interface Server {
  readonly name: string;
  readonly ip: string;
}

/** The backend of targets that pass their health check, and the one that is used when none does. */
export const CHECKED = 'checked';
export const UNCHECKED = 'unchecked';

/**
 * A health check as clouds make them: HTTPS, the answer matters, the certificate does not. Who could answer in a target's
 * place inside its own private network could as well take the traffic, and clients verify the certificate end to end.
 * Three failures are longer than an etcd election: `/readyz` includes etcd, and a quicker check would take every target
 * down when the leader freezes. One that has just failed is looked at again at once: a machine that has frozen, and accepts
 * connections still, is found out in two seconds at most (the check's TLS handshake has 250 ms, as a connection has). One that counts
 * as down, which a new one does, is looked at more often, too: 0.2 s instead of 1.1 s until a new target serves.
 *
 * One that accepts no connection counts as down at once. An API server that has crashed is back before three checks have failed, and listens
 * seconds before it knows who may do what: until `/readyz` says so it refuses everybody (403), which its clients take for the last word.
 */
const CHECK =
  'check check-ssl verify none inter 1s fastinter 100ms downinter 100ms fall 3 rise 1 observe layer4 error-limit 1 on-error mark-down';

/**
 * What follows a server's name, in the configuration and in the runtime API alike. The id decides where a server stands on the circle that
 * `balance random` draws from. Without one all that are added at run time stand in the same place, and one of them gets the connections of
 * all (haproxy issue 3413). The weight gives each 256 places there: by 16, some would get twice as many connections as others.
 */
export function serverOptions(backend: string, server: Server, port: number): string {
  const options = `${server.ip}:${port} id ${parseIp(server.ip)} weight 16`;
  return backend === CHECKED ? `${options} ${CHECK}` : options;
}

/**
 * TCP pass-through. A connection that is not accepted within 250 ms is tried on another target, five times. When no
 * target is healthy all are tried, as clouds do: the check may be wrong, the client loses nothing.
 *
 * Of three targets chosen by chance the one with the fewest connections: clouds choose by a hash of addresses and ports, which is chance as
 * well. One after the other would lead a client that asks evenly to the same target each time, and if that one hangs, nowhere until the
 * check has found it out (met: no write for 3.7 s); and on one that hangs connections pile up, so that it is not chosen any more: at 50
 * connections a second to five masters one hung when a follower froze. When the leader did it were 5 to 13, for until there is another
 * one connections pile up on all.
 */
export function haproxyConfig(port: number, socket: string, servers: readonly Server[]): string {
  const lines = (backend: string) =>
    servers.map((server) => `    server ${server.name} ${serverOptions(backend, server, port)}\n`).join('');
  return `global
    stats socket ${socket} mode 600 level admin user root
    stats timeout 1m
    uid 65534
    gid 65534
    maxconn 8000
    no strict-limits

defaults
    mode tcp
    balance random(3)
    timeout connect 250ms
    timeout check 1s
    timeout client 24h
    timeout server 24h
    timeout queue 5s
    retries 5
    option redispatch 1
    option clitcpka
    option srvtcpka
    srvtcpka-idle 5s
    srvtcpka-intvl 1s
    srvtcpka-cnt 3

frontend api
    bind ${BALANCER_IP}:${port}
    use_backend ${CHECKED} if { nbsrv(${CHECKED}) gt 0 }
    default_backend ${UNCHECKED}

backend ${CHECKED}
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host haup-health-check hdr Connection close
    http-check expect status 200
${lines(CHECKED)}
backend ${UNCHECKED}
${lines(UNCHECKED)}`;
}
