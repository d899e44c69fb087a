/** What all names of a federation have in common. */
export interface ZoneSettings {
  /** The federation's name: the third label of each name. */
  readonly federation: string;
  /** The DNS zone, with its final dot. */
  readonly domain: string;
  /** Seconds; ten at least. */
  readonly ttl: number;
}

/** A zone of one DNS server or service, as the controller uses it. `Records`: what was read; `Changes`: what is to change, on the condition that it was. */
export interface ZoneWriter<Records, Changes> {
  /** The records that are there. @throws when it could not be read: then nothing is known, and nothing changes. */
  read(): Promise<Records>;
  /** All or nothing where the service can; safe to repeat. @throws when what was read has changed meanwhile. */
  apply(changes: Changes): Promise<void>;
}
