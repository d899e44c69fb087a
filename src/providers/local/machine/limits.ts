import { totalmem } from 'node:os';
import type { Variables } from '../../../util/variables.ts';
import { ProviderError } from '../../errors.ts';
import type { MachineRole } from '../../provider.ts';

/** What one machine may take of the host, so that one that runs wild does not take the others along. */
export interface Limits {
  /** Bytes. */
  readonly memory: number;
  /** Processes and threads. */
  readonly tasks: number;
}

/** Half of the host's memory, but never less than a machine needs; a master has about 300 tasks, a node those of its pods. */
const LEAST_MEMORY = 2 * 2 ** 30;
const TASKS: Readonly<Record<MachineRole, number>> = { master: 8192, node: 32_768 };

/**
 * HAUP_LOCAL_MEMORY (bytes, or with K, M or G) and HAUP_LOCAL_TASKS, for every machine; the defaults otherwise.
 * @throws ProviderError `invalid`
 */
export function limitsOf(role: MachineRole, env: Variables, hostMemory = totalmem()): Limits {
  const { HAUP_LOCAL_MEMORY: memory, HAUP_LOCAL_TASKS: tasks } = env;
  return {
    memory: memory ? bytes(memory) : Math.max(Math.floor(hostMemory / 2), LEAST_MEMORY),
    tasks: tasks ? count(tasks) : TASKS[role],
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

function bytes(text: string): number {
  const [, number, unit = ''] = /^([1-9]\d{0,14})([KMG]?)$/i.exec(text) ?? [];
  if (number) return Number(number) * UNITS[unit.toUpperCase()]!;
  throw new ProviderError('invalid', `HAUP_LOCAL_MEMORY is a size such as 4G, not ${JSON.stringify(text)}`);
}

function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new ProviderError('invalid', `HAUP_LOCAL_TASKS is a number, not ${JSON.stringify(text)}`);
}
