import { type Clock, systemClock } from '../../../src/util/clock.ts';
import type { MachineSpec, Realizer, Route } from './realizer.ts';

interface Simulated {
  readonly spec: MachineSpec;
  readonly internalIp: string;
  running: boolean;
  healthy: boolean;
  boots: number;
}

/** Machines in memory. A machine is healthy from its boot on, unless a test says otherwise. */
export class SimulatedRealizer implements Realizer {
  readonly #machines = new Map<string, Simulated>();
  readonly #routes = new Map<string, Route>();
  readonly #pods = new Map<string, string>();
  /** The public addresses in use: for leak checks. */
  readonly addresses = new Set<string>();
  /** How often a machine of each name was made. */
  readonly made: Record<string, number> = {};
  /** Every change of a route, for looking at afterwards: who had an address when. */
  readonly moves: { readonly at: number; readonly ip: string; readonly to: Route | null }[] = [];
  readonly #clock: Clock;
  #next = 1;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  allocateAddress(): string {
    const n = this.#next++;
    const ip = `198.18.${Math.floor(n / 250) + 100}.${(n % 250) + 1}`;
    this.addresses.add(ip);
    return ip;
  }

  freeAddress(ip: string): void {
    this.addresses.delete(ip);
  }

  async create(spec: MachineSpec): Promise<{ readonly internalIp: string }> {
    const internalIp = `10.0.${Math.floor(this.#next / 250)}.${(this.#next++ % 250) + 2}`;
    this.made[spec.name] = (this.made[spec.name] ?? 0) + 1;
    this.#machines.set(spec.id, { spec, internalIp, running: true, healthy: true, boots: 1 });
    return { internalIp };
  }

  async start(id: string): Promise<void> {
    const machine = this.#get(id);
    machine.running = true;
    machine.boots++;
  }

  async stop(id: string): Promise<void> {
    this.#get(id).running = false;
  }

  async delete(id: string): Promise<void> {
    this.#machines.delete(id);
  }

  async running(id: string): Promise<boolean> {
    return this.#machines.get(id)?.running ?? false;
  }

  async probe(id: string): Promise<boolean> {
    const machine = this.#machines.get(id);
    return machine?.running === true && machine.healthy;
  }

  async route(ip: string, to: Route | null): Promise<void> {
    this.moves.push({ at: this.#clock.now(), ip, to });
    if (to) this.#routes.set(ip, to);
    else this.#routes.delete(ip);
  }

  async routePods(destination: string, id: string | null): Promise<void> {
    if (id === null) this.#pods.delete(destination);
    else this.#pods.set(destination, id);
  }

  /** The names of the machines that packets for pods reach, by their range. */
  get pods(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#pods].map(([range, id]) => [range, this.#get(id).spec.name]));
  }

  machines(): readonly string[] {
    return [...this.#machines.keys()];
  }

  async close(): Promise<void> {}

  /** Where packets for `ip` would go now. */
  routeOf(ip: string): Route | null {
    return this.#routes.get(ip) ?? null;
  }

  /** How long packets for `ip` went nowhere at the longest, in milliseconds. */
  longestGap(ip: string): number {
    const moves = this.moves.filter((move) => move.ip === ip);
    const gaps = moves.flatMap((move, index) => {
      const next = moves[index + 1];
      return move.to === null && next ? [next.at - move.at] : [];
    });
    return Math.max(0, ...gaps);
  }

  /** Makes the API server of a machine answer health probes, or not. */
  setHealthy(id: string, healthy: boolean): void {
    this.#get(id).healthy = healthy;
  }

  #get(id: string): Simulated {
    const machine = this.#machines.get(id);
    if (!machine) throw new Error(`no machine ${id}`);
    return machine;
  }
}
