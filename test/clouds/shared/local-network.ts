import { execIn } from '../../../src/providers/local/fabric/netns.ts';
import type { Route } from './realizer.ts';

const TABLE = 'cloudtest';
/** Private addresses of the local provider's machines. */
const MACHINES = '10.128.0.0/16';

interface Owner {
  readonly route: Route;
  readonly targets: readonly string[];
}

/**
 * Where the packets for a test cloud's public addresses go, in the fabric of the local provider's cluster that its
 * machines are in: an nft table of its own, ahead of the local provider's. Every change replaces the table in one
 * transaction.
 *
 * An address that moves cuts its connections, as on a cloud: each has the mark of the address's ownership under which
 * it began; packets with another are answered with a reset by the new owner's network, or dropped while there is none.
 *
 * A balancer's packets reach its targets with the target's own address as their destination, unlike a passthrough
 * balancer's: the local provider's firewall would not let others pass. What haup sees of it is the same: it makes the
 * API address a local one on every replica, so a replica's own packets to it stay there in either case.
 */
export class LocalNetwork {
  readonly #namespace: string;
  readonly #owners = new Map<string, Owner>();
  readonly #marks = new Map<string, number>();
  #nextMark = 1;
  #last: Promise<void> = Promise.resolve();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** `targets` are private addresses. */
  async send(ip: string, route: Route | null, targets: readonly string[]): Promise<void> {
    const before = this.#owners.get(ip);
    if (route) this.#owners.set(ip, { route, targets });
    else this.#owners.delete(ip);
    // A balancer whose targets change goes on with the connections that it has.
    const goesOn = before?.route.kind === 'balancer' && route?.kind === 'balancer';
    if (!goesOn) this.#marks.set(ip, this.#nextMark++);
    await this.#apply();
  }

  /** Changes come one after the other, the last one to be asked for last. */
  #apply(): Promise<void> {
    const change = this.#last.then(() => execIn(this.#namespace, ['nft', '-f', '-'], this.#script()));
    this.#last = change.then(
      () => {},
      () => {},
    );
    return change.then(() => {});
  }

  #script(): string {
    const owners = [...this.#owners].filter(([, { targets }]) => targets.length > 0);
    const translations = owners.map(([ip, { targets }]) => {
      const choice = targets.map((target, index) => `${index} : ${target}`).join(', ');
      return targets.length === 1
        ? `ip daddr ${ip} dnat to ${targets[0]}`
        : `ip daddr ${ip} dnat to numgen random mod ${targets.length} map { ${choice} }`;
    });
    const marks = [...this.#marks].map(([ip, mark]) => `ct state new ip daddr ${ip} ct mark set ${mark}`);
    const cuts = [...this.#marks].map(([ip, mark]) => {
      const verdict = this.#owners.has(ip) ? 'reject with tcp reset' : 'drop';
      return `meta l4proto tcp ct original ip daddr ${ip} ct mark != ${mark} ${verdict}`;
    });
    return `table ip ${TABLE} {}
delete table ip ${TABLE}
table ip ${TABLE} {
  chain ownership {
    type filter hook prerouting priority mangle; policy accept;
    ${marks.join('\n    ')}
  }
  chain translate {
    type nat hook prerouting priority dstnat - 5; policy accept;
    ${translations.join('\n    ')}
  }
  chain cut {
    type filter hook forward priority filter - 5; policy accept;
    ip saddr ${MACHINES} accept
    ${cuts.join('\n    ')}
  }
}
`;
  }
}
