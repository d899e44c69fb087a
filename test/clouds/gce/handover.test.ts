import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Provider } from '../../../src/providers/provider.ts';
import { converge, want } from '../shared/story.ts';
import { type Harness, startGce, ZONES } from './harness.ts';
import { behindItsBack, type Interface } from './instances.ts';
import { deleteManually } from './manual-deletion.ts';
import { usualDelays } from './rules.ts';

const [b, c] = ZONES;
const one = want(1, `demo-master@${b}`);
const two = want(2, `demo-master@${b}`, `demo-master-abc@${c}`);

let gce: Harness;
let provider: Provider;
beforeEach(async () => {
  gce = await startGce();
  provider = gce.open();
});
afterEach(() => gce.close());

const ip = async () => (await provider.address.read())?.ip ?? '';
const holder = async () => (await provider.address.read())?.holder;
const idOf = (name: string) => String(behindItsBack.find(gce.cloud, name).message.id);
/** Ready for the move: two machines behind a balancer, the first with the address. */
async function readyToMove(): Promise<void> {
  await converge(provider, one);
  await provider.machines.create({
    name: 'demo-master-abc',
    zone: c,
    role: 'master',
    bootScript: '',
    requestToken: 't',
  });
  await provider.balancer.ensure([b, c]);
  await provider.balancer.setTargets(['demo-master', 'demo-master-abc']);
}

/** Somebody deletes the temporary rule. */
async function loseRule(): Promise<void> {
  const [rule] = gce.cloud.store.all('forwardingRules');
  expect(await deleteManually(gce.cloud, rule?.path ?? '')).toBe(true);
}

/** A run was cut off in the middle of a move. */
async function loseHolder(): Promise<void> {
  const [network] = behindItsBack.find(gce.cloud, 'demo-master').message.networkInterfaces as Interface[];
  behindItsBack.letGo(gce.cloud, await ip());
  Object.assign(network ?? {}, { accessConfigs: [] });
  expect(await holder()).toEqual({ kind: 'nobody' });
}

/** How long a move to the balancer takes. */
async function secondsToMove(): Promise<number> {
  const began = gce.cloud.clock.now();
  await provider.address.handOver({ kind: 'balancer' });
  expect(await holder()).toEqual({ kind: 'balancer' });
  return (gce.cloud.clock.now() - began) / 1000;
}

describe('promotion', () => {
  it('leaves the address without a holder for the forwarding rule’s own delay plus less than two seconds', async () => {
    await readyToMove();
    const address = await ip();
    gce.realizer.moves.length = 0;
    await provider.address.handOver({ kind: 'balancer' });
    const gap = gce.realizer.longestGap(address);
    expect(gap).toBeGreaterThanOrEqual(usualDelays['forwardingRules.insert'] ?? 0);
    expect(gap).toBeLessThanOrEqual((usualDelays['forwardingRules.insert'] ?? 0) + 2000);
  });

  it('does not take the address while no target is healthy, and names them', async () => {
    await readyToMove();
    for (const name of ['demo-master', 'demo-master-abc']) gce.realizer.setHealthy(idOf(name), false);
    await expect(provider.address.handOver({ kind: 'balancer' })).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringContaining('demo-master, demo-master-abc are not'),
      advice: expect.stringContaining('/readyz'),
    });
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master' });
  });

  describe('with a target that is dead', () => {
    beforeEach(async () => {
      await readyToMove();
      gce.realizer.setHealthy(idOf('demo-master-abc'), false);
    });

    it.each(['a machine', 'nobody'])('waits for no dead one while %s has the address', async (who) => {
      if (who === 'nobody') await loseHolder();
      expect(await secondsToMove()).toBeLessThan(60);
    });

    it('waits for it behind a rule that had to be made anew, for a minute', async () => {
      await loseRule();
      const seconds = await secondsToMove();
      expect(seconds).toBeGreaterThanOrEqual(60);
      expect(seconds).toBeLessThan(100);
    });

    it('does not wait for it behind a new rule while nobody has the address', async () => {
      await loseRule();
      await loseHolder();
      expect(await secondsToMove()).toBeLessThan(60);
    });
  });

  it('waits for one that is late to be healthy behind a rule that had to be made anew', async () => {
    await readyToMove();
    await loseRule();
    gce.realizer.setHealthy(idOf('demo-master-abc'), false);
    gce.cloud.clock.after(30_000, () => gce.realizer.setHealthy(idOf('demo-master-abc'), true));
    const seconds = await secondsToMove();
    expect(seconds).toBeGreaterThanOrEqual(30);
    expect(seconds).toBeLessThan(60);
  });

  it.each(['forwardingRules.insert', 'instances.deleteAccessConfig'])(
    'gives the address back when %s ends in an error',
    async (method) => {
      await readyToMove();
      gce.cloud.faults.add({
        when: (call) => call.method === method,
        fault: { kind: 'fail-later', code: 'QUOTA_EXCEEDED', message: "Quota 'FORWARDING_RULES' exceeded." },
      });
      await expect(provider.address.handOver({ kind: 'balancer' })).rejects.toMatchObject({ kind: 'quota' });
      expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master' });
      expect((await provider.machines.list())[0]?.sshHost).toBe(await ip());
      await provider.address.handOver({ kind: 'balancer' });
      expect(await holder()).toEqual({ kind: 'balancer' });
    },
  );

  it('that fails, and the way back with it, says so and who has the address, and the next one goes on', async () => {
    await readyToMove();
    const broken = ['forwardingRules.insert', 'instances.addAccessConfig'];
    gce.cloud.faults.add({
      when: (call) => broken.includes(call.method),
      fault: { kind: 'refuse', status: 503, code: 'backendError', message: 'Backend Error' },
      times: Number.POSITIVE_INFINITY,
    });
    const ends = `${await ip()} could not be given back: .*Backend Error.*; nobody has it now$`;
    await expect(provider.address.handOver({ kind: 'balancer' })).rejects.toMatchObject({
      kind: 'transient',
      message: expect.stringMatching(new RegExp(`^creating the forwarding rule .*Backend Error.*${ends}`)),
      remedies: expect.arrayContaining([expect.objectContaining({ command: 'repair' })]),
    });
    expect(await holder()).toEqual({ kind: 'nobody' });
    gce.cloud.faults.clear();
    await provider.address.handOver({ kind: 'balancer' });
    expect(await holder()).toEqual({ kind: 'balancer' });
    for (const machine of await provider.machines.list()) expect(machine.sshHost).not.toBeNull();
  });

  it('is not left half done by an abort', async () => {
    await readyToMove();
    const abort = new AbortController();
    const interrupted = gce.open({ signal: abort.signal });
    gce.cloud.faults.add({
      when(call) {
        if (call.method === 'instances.deleteAccessConfig') abort.abort(new Error('^C'));
        return false;
      },
      fault: { kind: 'cut' },
    });
    await expect(interrupted.address.handOver({ kind: 'balancer' })).rejects.toThrow('^C');
    expect(await holder()).toEqual({ kind: 'balancer' });
    expect(await provider.balancer.read()).toMatchObject({ complete: false });
    await provider.balancer.ensure([b, c]);
    expect(await provider.balancer.read()).toMatchObject({ complete: true });
    for (const machine of await provider.machines.list()) expect(machine.sshHost).not.toBeNull();
  });

  it('succeeds though somebody else gives the machine an address that it leaves without any for a moment', async () => {
    await readyToMove();
    const other = gce.open();
    let moves = true;
    let given = 0;
    const moving = provider.address.handOver({ kind: 'balancer' }).finally(() => {
      moves = false;
    });
    while (moves) {
      if (!(await other.network.ready())) {
        await other.network.ensure();
        given += 1;
      }
      await gce.cloud.clock.sleep(100);
    }
    await moving;
    expect(given).toBeGreaterThan(0);
    expect(await holder()).toEqual({ kind: 'balancer' });
    for (const machine of await provider.machines.list()) expect(machine.sshHost).not.toBeNull();
  });

  it('refuses a balancer that has no targets, or is not there', async () => {
    await converge(provider, one);
    await expect(provider.address.handOver({ kind: 'balancer' })).rejects.toMatchObject({ kind: 'conflict' });
    await provider.balancer.ensure([b]);
    await expect(provider.address.handOver({ kind: 'balancer' })).rejects.toMatchObject({ kind: 'conflict' });
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master' });
  });
});

describe('demotion', () => {
  it('leaves the address without a holder for the rule’s own delay plus less than two seconds', async () => {
    await converge(provider, two);
    const address = await ip();
    gce.realizer.moves.length = 0;
    await provider.address.handOver({ kind: 'machine', name: 'demo-master-abc' });
    expect(gce.realizer.longestGap(address)).toBeLessThanOrEqual(
      (usualDelays['forwardingRules.delete'] ?? 0) + 2000,
    );
    expect((await provider.machines.list())[1]?.externalIp).toBe(address);
  });

  it('gives the address back to the balancer when the machine cannot take it', async () => {
    await converge(provider, two);
    gce.cloud.faults.add({
      when: (call) => call.method === 'instances.addAccessConfig',
      fault: { kind: 'refuse', status: 403, code: 'forbidden', message: 'Required permission' },
    });
    await expect(provider.address.handOver({ kind: 'machine', name: 'demo-master' })).rejects.toMatchObject({
      kind: 'denied',
    });
    expect(await holder()).toEqual({ kind: 'balancer' });
    for (const machine of await provider.machines.list()) expect(machine.sshHost).not.toBeNull();
  });

  it('refuses a machine that is stopped', async () => {
    await converge(provider, two);
    await behindItsBack.stop(gce.cloud, 'demo-master');
    await expect(provider.address.handOver({ kind: 'machine', name: 'demo-master' })).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('TERMINATED'),
    });
    expect(await holder()).toEqual({ kind: 'balancer' });
  });
});

describe('an address that counts as in use for a moment after its user has let go of it', () => {
  it.each(['ipInUse', 'invalid'] as const)('is asked for again, refused as %s', async (addressInUse) => {
    gce.reset({ rules: { lingeringUse: true, addressInUse } });
    provider = gce.open();
    await converge(provider, two);
    expect(await holder()).toEqual({ kind: 'balancer' });
    await provider.address.handOver({ kind: 'machine', name: 'demo-master-abc' });
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master-abc' });
  });
});

describe('replacement of the only replica', () => {
  it('hands the address straight from old to new, both reachable afterwards', async () => {
    await converge(provider, one);
    await provider.machines.create({
      name: 'demo-master-new',
      zone: c,
      role: 'master',
      bootScript: '',
      requestToken: 't',
    });
    const address = await ip();
    gce.realizer.moves.length = 0;
    await provider.address.handOver({ kind: 'machine', name: 'demo-master-new' });
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master-new' });
    expect(gce.realizer.longestGap(address)).toBeLessThanOrEqual(2500);
    for (const machine of await provider.machines.list()) expect(machine.sshHost).not.toBeNull();
    expect(gce.cloud.store.all('forwardingRules')).toEqual([]);
  });

  it('works when the old one is dead', async () => {
    await converge(provider, one);
    await provider.machines.create({
      name: 'demo-master-new',
      zone: c,
      role: 'master',
      bootScript: '',
      requestToken: 't',
    });
    await behindItsBack.stop(gce.cloud, 'demo-master');
    await provider.address.handOver({ kind: 'machine', name: 'demo-master-new' });
    expect(await holder()).toEqual({ kind: 'machine', name: 'demo-master-new' });
    expect((await provider.machines.list())[0]).toMatchObject({ state: 'stopped', sshHost: null });
  });

  describe('from one that is stopped', () => {
    beforeEach(async () => {
      await readyToMove();
      await behindItsBack.stop(gce.cloud, 'demo-master');
    });
    const old = async () => (await provider.machines.list())[0];

    it.each([{ kind: 'machine', name: 'demo-master-abc' }, { kind: 'balancer' }] as const)(
      'to $kind, the old one is reached once it is started',
      async (to) => {
        if (to.kind === 'balancer') await provider.balancer.setTargets(['demo-master-abc']);
        await provider.address.handOver(to);
        const started = await provider.machines.start('demo-master');
        expect(started.sshHost).not.toBeNull();
        expect(started.sshHost).not.toBe(await ip());
        expect(await old()).toEqual(started);
      },
    );

    it('the network is not ready while the old one runs, started by somebody else, and nobody reaches it', async () => {
      await provider.address.handOver({ kind: 'machine', name: 'demo-master-abc' });
      expect(await provider.network.ready()).toBe(true);
      await behindItsBack.start(gce.cloud, 'demo-master');
      expect(await old()).toMatchObject({ state: 'running', sshHost: null });
      expect(await provider.network.ready()).toBe(false);
      await provider.network.ensure();
      expect((await old())?.sshHost).not.toBeNull();
      expect(await provider.network.ready()).toBe(true);
    });
  });

  it('stops a machine for a drill, and starts it again; what has stopped is no error, what is not there is one', async () => {
    const name = 'demo-master-old';
    const wanted = { name, zone: c, role: 'master', bootScript: '', requestToken: 'o' } as const;
    await provider.machines.create(wanted);
    await provider.machines.stop!(name);
    expect(await provider.machines.list()).toContainEqual(
      expect.objectContaining({ name, state: 'stopped', sshHost: null }),
    );
    await provider.machines.stop!(name);
    expect(await provider.machines.start(name)).toMatchObject({ state: 'running' });
    await expect(provider.machines.stop!('demo-master-zzz')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('resets a machine for a drill, which keeps its addresses; one that does not run cannot be', async () => {
    const name = 'demo-master-old';
    const wanted = { name, zone: c, role: 'master', bootScript: '', requestToken: 'o' } as const;
    await provider.machines.create(wanted);
    const before = await provider.machines.list();
    await provider.machines.reset!(name);
    expect(await provider.machines.list()).toEqual(before);
    await expect(provider.machines.reset!('demo-master-zzz')).rejects.toMatchObject({ kind: 'not-found' });
    await provider.machines.stop!(name);
    await expect(provider.machines.reset!(name)).rejects.toMatchObject({ kind: 'conflict' });
  });
});
