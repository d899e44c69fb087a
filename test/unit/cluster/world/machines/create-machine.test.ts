import { expect, test } from 'vitest';
import { nothing } from '../../../../../src/cluster/model/observation.ts';
import { createMachine } from '../../../../../src/cluster/world/machines/create-machine.ts';
import { ClusterMemory, type ClusterState, noHistory } from '../../../../../src/cluster/world/memory.ts';
import type { Tools } from '../../../../../src/cluster/world/tools.ts';
import { ProviderError } from '../../../../../src/providers/errors.ts';
import type { MachineRequest } from '../../../../../src/providers/provider.ts';
import { specOf } from '../../../../support/clusters.ts';

test('after a final answer the request is a new one, and the machine that may be there keeps its host key', async () => {
  const { tools, memory, requests, secrets } = toolsThatFail(new ProviderError('quota', 'the disk is full'));
  await expect(createMachine(tools, 'm0', 'local-a', 'master')).rejects.toThrow('the disk is full');
  const pin = memory.pin('m0');
  expect(pin).toMatchObject({ seen: false });
  expect(JSON.parse(secrets.get('boot-host-key.m0')!).publicKey).toBe(pin!.current);

  await expect(createMachine(tools, 'm0', 'local-a', 'master')).rejects.toThrow('the disk is full');
  expect(requests[1]!.bootScript).toBe(requests[0]!.bootScript);
  expect(requests[1]!.requestToken).not.toBe(requests[0]!.requestToken);
});

test('a machine made anew is never taken for the one before it, also when forgetting that was cut off', async () => {
  const { tools, memory, requests, secrets } = toolsThatFail(new ProviderError('transient', 'no answer'));
  await expect(createMachine(tools, 'm0', 'local-a', 'master')).rejects.toThrow('no answer');
  const before = memory.pin('m0')!;
  await memory.setPin('m0', { ...before, seen: true, own: true });

  const remove = tools.secrets.remove;
  tools.secrets.remove = async (name) => {
    secrets.delete(name);
    throw new Error('killed');
  };
  await expect(createMachine(tools, 'm0', 'local-a', 'master')).rejects.toThrow('killed');
  tools.secrets.remove = remove;

  await expect(createMachine(tools, 'm0', 'local-a', 'master')).rejects.toThrow('no answer');
  const after = memory.pin('m0')!;
  expect(after).toMatchObject({ seen: false });
  expect(after.current).not.toBe(before.current);
  expect(JSON.parse(secrets.get('boot-host-key.m0')!).publicKey).toBe(after.current);
  expect(requests[1]!.requestToken).not.toBe(requests[0]!.requestToken);
});

/** A cloud that answers every creation with `error`; the memory and the secrets are kept in memory. */
function toolsThatFail(error: Error) {
  const secrets = new Map<string, string>();
  const requests: MachineRequest[] = [];
  const state: ClusterState = { spec: specOf(['m0']), history: noHistory, pins: {} };
  const memory = new ClusterMemory(
    { create: async () => 1, save: async (_, __, revision) => revision + 1 },
    state,
    1,
  );
  const tools = {
    memory,
    seen: () => nothing,
    authorities: () => new Promise(() => {}),
    binaries: async () => ({ kind: 'mounted', path: '/opt/haup/bin' }),
    secrets: {
      get: async (name: string) => secrets.get(name) ?? null,
      put: async (name: string, text: string) => void secrets.set(name, text),
      putIfAbsent: async (name: string, text: string) => {
        if (!secrets.has(name)) secrets.set(name, text);
        return secrets.get(name)!;
      },
      remove: async (name: string) => void secrets.delete(name),
    },
    provider: {
      machines: {
        create: async (request: MachineRequest) => {
          requests.push(request);
          throw error;
        },
      },
    },
  } as unknown as Tools & { secrets: { remove(name: string): Promise<void> } };
  return { tools, memory, requests, secrets };
}
