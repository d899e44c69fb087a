import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../../src/app/engine.ts';
import { OutOfTime } from '../../../src/app/errors.ts';
import { ArtifactError } from '../../../src/artifacts/errors.ts';
import { commands } from '../../../src/cli/commands/index.ts';
import { Interrupted, UsageError } from '../../../src/cli/errors.ts';
import { explain } from '../../../src/cli/exit.ts';
import { readArguments } from '../../../src/cli/input/argv.ts';
import { noWork, type Remaining } from '../../../src/cli/output/display/progress.ts';
import { commandLine, sayRemedy } from '../../../src/cli/output/remedy.ts';
import type { HaupEvent } from '../../../src/cluster/loop/events.ts';
import { InputError, NotFoundError, Refusal, StepError } from '../../../src/cluster/model/errors.ts';
import { PkiError } from '../../../src/pki/errors.ts';
import { ProviderError } from '../../../src/providers/errors.ts';
import { ReplicaError } from '../../../src/replicas/errors.ts';
import { BusyError, StoreError } from '../../../src/state/errors.ts';
import type { CommandName, CommandRemedy } from '../../../src/util/remedy.ts';
import { TimeoutError } from '../../../src/util/wait.ts';
import { haup, planOf } from './fake.ts';

const work: Remaining = {
  doing: ['provision demo-master'],
  toCome: ['bootstrap etcd on demo-master', 'c', 'd'],
  unfinished: true,
  topic: null,
};
const calm = { debug: false, interrupted: false, work: noWork, command: 'create', cluster: 'demo' };

const table: readonly (readonly [number, Error])[] = [
  [1, new Error('a bug')],
  [1, new TypeError('x is not a function')],
  [2, new UsageError('u')],
  [2, new InputError('i')],
  [2, new ProviderError('preflight', 'needs root')],
  [2, new ProviderError('invalid', 'no such setting')],
  [5, new StepError('boot', new ProviderError('invalid', 'x'), 'a')],
  [2, new StoreError('corrupt', 'c', 'a')],
  [2, new StoreError('newer', 'c', 'a')],
  [2, new PkiError('the stored authorities cannot be read', { kind: 'stored' })],
  [1, new PkiError('not DER')],
  [5, new ReplicaError('demo-master: its disk is full')],
  [2, new ArtifactError('usage', 'no such version')],
  [3, new Refusal('r', 'a')],
  [4, new BusyError('demo', null, 'a')],
  [5, new StepError('boot', new Error('x'), 'a')],
  [5, new StepError('boot', new ProviderError('preflight', 'x'), 'a')],
  [5, new ProviderError('quota', 'q')],
  [5, new StoreError('disk', 'full', 'a')],
  [5, new ArtifactError('unreachable', 'u')],
  [5, new TimeoutError('sshd', 1000, undefined)],
  [5, new OutOfTime(1000, undefined)],
  [5, system('ENOSPC', 'write', '/x')],
  [5, system('EROFS', 'open', '/x')],
  [5, system('ECONNREFUSED', 'connect')],
  [5, system('EWHOKNOWS', 'open', '/x')],
  [2, system('EACCES', 'open', '/x')],
  [2, system('EXDEV', 'rename', '/x')],
  [2, system('ENOENT', 'spawn flock', 'flock')],
  [2, new StoreError('exposed', 'e', 'a')],
  [2, new ArtifactError('exposed', 'e')],
  [6, new NotFoundError('cluster', 'dmeo', ['demo'])],
  [6, new ProviderError('not-found', 'no such region')],
];

/** As Node throws it. */
function system(code: string, syscall: string, path?: string): Error {
  return Object.assign(new Error(`${code}: said by the system, ${syscall}`), {
    code,
    syscall,
    errno: -1,
    path,
  });
}

describe('an error', () => {
  it('of the operating system is a true sentence, never a defect of haup', () => {
    const linesOf = (error: Error) => explain(error, calm).lines;
    expect(linesOf(system('EACCES', 'mkdir', '/srv/x'))).toEqual([
      'haup: could not make the folder /srv/x: permission denied (EACCES)',
    ]);
    expect(linesOf(system('ENOENT', 'spawn flock', 'flock')).join()).toContain(
      'could not run flock: there is none',
    );
    expect(linesOf(system('EWHOKNOWS', 'open', '/x')).join()).not.toContain('defect');
    expect(linesOf(Object.assign(new Error('mine'), { code: 'EMINE' })).join()).toContain('defect');
  });

  it.each(table)('exit code %i: %s', (code, error) => {
    expect(explain(error, calm).code).toBe(code);
  });

  it('is told with its advice, without a stack trace', () => {
    expect(explain(new Refusal('etcd would lose its quorum', 'start demo-master first'), calm).lines).toEqual(
      ['haup: etcd would lose its quorum', '  start demo-master first'],
    );
  });

  it('in the input or the store is one line, with what mends it', () => {
    const preflight = new ProviderError('preflight', 'this host lacks nft.', {
      advice: 'apt-get install nftables',
    });
    expect(explain(preflight, calm).lines).toEqual(['haup: this host lacks nft; apt-get install nftables']);
    const full = new StoreError('disk', 'could not save: no space left on device', 'make room');
    expect(explain(full, calm).lines).toEqual(['haup: could not save: no space left on device; make room']);
  });

  it('of ours says how to report it', () => {
    expect(explain(new Error('a bug'), calm).lines.join('\n')).toMatch(/defect of haup.*report it/s);
    expect(explain(new Refusal('no', 'a'), calm).lines.join('\n')).not.toMatch(/defect/);
  });

  it('shows its stack, and that of its causes, with --debug', () => {
    const error = new StepError('boot', new Error('the inner one'), 'a');
    const text = explain(error, { ...calm, debug: true }).lines.join('\n');
    expect(text).toMatch(/StepError: could not boot.*exit\.test\.ts.*caused by Error: the inner one/s);
  });

  it('keeps the lines of a log, but neither control characters nor hundreds of them', () => {
    const log = Array.from({ length: 100 }, (_, i) => `line ${i}\x1b[31m`).join('\n');
    const { lines } = explain(new StepError('start etcd', new Error(log), 'look at the log'), calm);
    expect(lines.length).toBeLessThan(20);
    expect(lines.join('')).not.toContain('\x1b');
    expect(lines.at(-1)).toBe('  look at the log');
  });

  it('is an interruption once the user has asked for one, and says what is unfinished', () => {
    const failure = explain(new Error('aborted'), { ...calm, interrupted: true, work });
    expect(failure).toEqual({
      code: 130,
      lines: [
        'haup: interrupted; unfinished: provision demo-master; bootstrap etcd on demo-master; c; and 1 more',
        '  haup repair -c demo finishes it',
      ],
    });
  });
});

describe('a way out', () => {
  it('is told whole, so that it can be copied', () => {
    const refusal = new Refusal('r', [
      { to: 'start it', command: 'repair' },
      { to: 'or', command: 'replace-replica', cluster: 'other', replicas: ['a', 'b'] },
    ]);
    expect(explain(refusal, calm).lines).toEqual([
      'haup: r',
      '  start it: haup repair -c demo',
      '  or: haup replace-replica -c other a b',
    ]);
  });

  it('keeps to the store that was named, and says what can be set instead', () => {
    const about = { cluster: 'demo', store: 'file:///x' };
    expect(
      sayRemedy({ to: 'settle for what is there', command: 'repair', switches: ['abandon'] }, about),
    ).toBe('settle for what is there: haup repair -c demo --store file:///x --abandon');
    expect(sayRemedy({ to: 'see', command: 'ssh', replicas: ['m'], run: 'df -h' }, { cluster: 'demo' })).toBe(
      'see: haup ssh -c demo m -- df -h',
    );
    expect(sayRemedy({ to: 'see', command: 'list' }, { cluster: 'demo' })).toBe('see: haup list');
    expect(sayRemedy({ to: 'name one', setting: 'sshFrom', example: '203.0.113.7/32' }, about)).toBe(
      'name one: --ssh-from 203.0.113.7/32',
    );
    expect(sayRemedy('apt-get install nftables', about)).toBe('apt-get install nftables');
  });

  const all: Record<CommandName, CommandRemedy> = {
    'add-replica': { to: '', command: 'add-replica' },
    'backup create': { to: '', command: 'backup create' },
    'backup enable': { to: '', command: 'backup enable' },
    'backup prune': { to: '', command: 'backup prune' },
    create: { to: '', command: 'create', switches: ['multizone'] },
    delete: { to: '', command: 'delete' },
    kubeconfig: { to: '', command: 'kubeconfig' },
    list: { to: '', command: 'list' },
    'remove-node': { to: '', command: 'remove-node', replicas: ['a'], switches: ['force'] },
    renew: { to: '', command: 'renew' },
    repair: { to: '', command: 'repair', switches: ['abandon'] },
    'replace-node': { to: '', command: 'replace-node', replicas: ['a'] },
    'replace-replica': { to: '', command: 'replace-replica', replicas: ['a', 'b'] },
    rescue: { to: '', command: 'rescue', fenced: ['a', 'b'] },
    ssh: { to: '', command: 'ssh', replicas: ['a'], run: 'true' },
    status: { to: '', command: 'status' },
    rotate: { to: '', command: 'rotate', replicas: ['ca'], switches: ['finishRotation', 'force'] },
    upgrade: { to: '', command: 'upgrade', switches: ['finalize', 'rollback'] },
  };
  it.each(Object.values(all))('is a command line that haup takes: %j', (remedy) => {
    const [haup, ...argv] = commandLine(remedy, { cluster: 'demo', store: 'file:///x' }).split(' ');
    expect([haup, readArguments(argv, commands).command.name]).toEqual(['haup', remedy.command]);
  });
});

describe('when the time of --timeout is over', () => {
  const over = new OutOfTime(30 * 60_000, new Error('no end'));

  it('it is said what was being done, what is still to do, and the way on', () => {
    expect(explain(over, { ...calm, work })).toEqual({
      code: 5,
      lines: [
        'haup: gave up after 30m, the time of --timeout; what was being done: provision demo-master',
        '  still to do: bootstrap etcd on demo-master; c; d',
        '  haup repair -c demo goes on from here',
      ],
    });
  });

  it('a deletion goes on with haup delete', () => {
    const deleting = { ...calm, work, command: 'delete' };
    expect(explain(over, deleting).lines.at(-1)).toBe('  haup delete -c demo goes on from here');
    expect(explain(new Error('x'), { ...deleting, interrupted: true }).lines.at(-1)).toBe(
      '  haup delete -c demo finishes it',
    );
  });

  it('a federation whose masters are all there may still lack the settings of its names', () => {
    const masters = { ...work, toCome: [], unfinished: false };
    const init = { ...calm, command: 'federation init', cluster: 'world', work: masters };
    expect(explain(over, init).lines.at(-1)).toBe(
      '  haup status -c world says what is; the same command again also sets its names',
    );
  });

  it('before any step, it is said what was waited for, and no way on from nothing', () => {
    const topic = 'building the binaries: etcd v3.7.3';
    expect(explain(over, { ...calm, work: { ...noWork, topic } }).lines).toEqual([
      `haup: gave up after 30m, the time of --timeout, before anything was begun: ${topic}`,
    ]);
    expect(explain(new OutOfTime(5000, null), { ...calm, command: 'status' }).lines).toEqual([
      'haup: gave up after 5s, the time of --timeout, before anything was begun: haup status was looking at the cluster demo',
    ]);
  });

  it('the steps are those of the events', async () => {
    const start = { kind: 'provision', replica: 'demo-master' } as const;
    const then = { kind: 'bootstrap-etcd', replica: 'demo-master' } as const;
    const create = () => Promise.reject(over);
    const opened = ({ emit }: EngineOptions) => {
      emit({ type: 'plan', plan: planOf([start, then]) });
      emit({ type: 'step-started', step: start });
      emit({ type: 'step-failed', step: start, seconds: 1, error: 'no end' });
    };
    const { err } = await haup(['create', '-c', 'demo'], { engine: { create }, opened });
    expect(err).toContain(
      'what was being done: provision demo-master\n  still to do: bootstrap etcd on demo-master\n',
    );
  });

  it('after the last step the look that ends the command is what was being done', async () => {
    const step = { kind: 'provision', replica: 'demo-master' } as const;
    const opened = ({ emit }: EngineOptions) => {
      emit({ type: 'step-started', step });
      emit({ type: 'step-finished', step, seconds: 1 });
    };
    const { err } = await haup(['repair', '-c', 'demo'], {
      engine: { repair: () => Promise.reject(over) },
      opened,
    });
    expect(err).toContain(
      'what was being done: look at what is left to do\n  haup status -c demo says what is',
    );
  });
});

describe('haup', () => {
  it('turns what the engine throws into its exit code', async () => {
    const create = () => Promise.reject(new NotFoundError('zone', 'local-x', ['local-a']));
    expect(await haup(['create'], { engine: { create } })).toMatchObject({
      code: 6,
      err: 'haup: no zone named "local-x"; there is local-a\n',
      out: '',
    });
  });

  it('says so when it was interrupted before anything began', async () => {
    const controller = new AbortController();
    const create = async () => {
      controller.abort(new Interrupted('SIGINT'));
      throw controller.signal.reason;
    };
    const ran = await haup(['create'], { engine: { create }, signal: controller.signal });
    expect(ran).toMatchObject({ code: 130, err: 'haup: interrupted; nothing was begun\n' });
  });

  it('names the steps that were begun when it was interrupted', async () => {
    const controller = new AbortController();
    const step = { kind: 'provision', replica: 'demo-master' } as const;
    const ran = await haup(['create', '-c', 'demo', '--log-format', 'plain'], {
      signal: controller.signal,
      opened: ({ emit }) => emit({ type: 'step-started', step }),
      engine: {
        create: async () => {
          controller.abort(new Interrupted('SIGTERM'));
          throw controller.signal.reason;
        },
      },
    });
    expect(ran.code).toBe(130);
    expect(ran.err).toContain('stopping; once more ends it at once');
    expect(ran.err).toContain('unfinished: provision demo-master\n  haup repair -c demo finishes it\n');
  });

  it('names the federation in the way on from what was interrupted: its name is no flag', async () => {
    const step = { kind: 'provision', replica: 'world-master' } as const;
    const interrupted = async (...argv: string[]) => {
      const controller = new AbortController();
      const stop = async () => {
        controller.abort(new Interrupted('SIGINT'));
        throw controller.signal.reason;
      };
      const { err } = await haup(argv, {
        signal: controller.signal,
        opened: ({ emit }) => emit({ type: 'step-started', step }),
        engine: { initFederation: stop, delete: stop },
      });
      return err.trimEnd().split('\n').at(-1);
    };
    expect(await interrupted('federation', 'init', 'world')).toBe(
      '  haup repair -c world finishes it; the same command again also sets its names',
    );
    expect(await interrupted('federation', 'delete', 'world', '--yes')).toBe(
      '  haup delete -c world finishes it',
    );
  });

  it('counts a change that is saved as begun, before its first step', async () => {
    const step = { kind: 'provision', replica: 'demo-master' } as const;
    const plan = { type: 'plan', plan: planOf([step]) } as const;
    const ended = async (events: readonly HaupEvent[], why?: Error) => {
      const controller = new AbortController();
      const { err } = await haup(['renew', '-c', 'demo'], {
        signal: controller.signal,
        opened: ({ emit }) => {
          for (const event of events) emit(event);
        },
        engine: {
          renew: async () => {
            if (why) throw why;
            controller.abort(new Interrupted('SIGINT'));
            throw controller.signal.reason;
          },
        },
      });
      return err;
    };
    const saved = { type: 'change-saved' } as const;
    expect(await ended([plan, saved])).toContain(
      'haup: interrupted; unfinished: look at what is left to do; provision demo-master\n  haup repair -c demo finishes it\n',
    );
    expect(await ended([plan, saved], new OutOfTime(1000, null))).toContain(
      'the time of --timeout; what was being done: look at what is left to do\n  still to do: provision demo-master\n',
    );
    expect(await ended([plan])).toContain('haup: interrupted; nothing was begun\n');
    expect(await ended([plan, saved, plan])).toContain('haup: interrupted; nothing was begun\n');
  });

  it('reports errors as JSON where the log is JSON', async () => {
    const repair = () => Promise.reject(new Refusal('no', 'do that'));
    const { err, code } = await haup(['repair', '--log-format', 'json'], { engine: { repair } });
    expect(code).toBe(3);
    expect(JSON.parse(err)).toMatchObject({ type: 'error', code: 3, message: 'haup: no\n  do that' });
  });
});
