import type { MachineRole } from '../../../src/providers/provider.ts';

/** What a test cloud wants a machine of. */
export interface MachineSpec {
  /** Unique for ever, unlike the name. */
  readonly id: string;
  readonly name: string;
  readonly role: MachineRole;
  readonly zone: string;
}

/** Where packets for a public address go. */
export type Route =
  | { readonly kind: 'machine'; readonly id: string }
  /** New connections spread over these machines, as the cloud's balancer does with its healthy (or, with none, all) targets. */
  | { readonly kind: 'balancer'; readonly ids: readonly string[]; readonly port: number };

/**
 * Makes a test cloud's instances: in memory (`simulated`), or as real machines of the local provider. The cloud keeps
 * the rules; the realizer only knows machines, their addresses and where packets go.
 */
export interface Realizer {
  /** A public address that nothing else uses: an ephemeral one, a static one, a balancer's. */
  allocateAddress(): string;
  freeAddress(ip: string): void;
  /**
   * Makes and boots the machine, its script run as the guest agent or cloud-init would.
   * `bootScript` null: none. Resolves with its private address once it is powered on.
   */
  create(spec: MachineSpec, bootScript: string | null): Promise<{ readonly internalIp: string }>;
  /** Powers a stopped machine on; its disk is as it was. The script runs again where the cloud runs it at every boot. */
  start(id: string, bootScript: string | null): Promise<void>;
  stop(id: string): Promise<void>;
  delete(id: string): Promise<void>;
  /** Whether the machine is powered on: a guest can power itself off behind the cloud's back. */
  running(id: string): Promise<boolean>;
  /** What a health checker sees: an HTTPS GET answered 200. */
  probe(id: string, port: number, path: string): Promise<boolean>;
  /** Sends the packets for a public address elsewhere; null: nowhere. Cuts connections through it when it moves. */
  route(ip: string, to: Route | null): Promise<void>;
  /** Sends the packets for a range of pods' addresses to a machine; null: nowhere. */
  routePods(destination: string, id: string | null): Promise<void>;
  /** Ids of machines that exist: for leak checks. */
  machines(): readonly string[];
  close(): Promise<void>;
}
