import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { haproxyConfig } from '../../../../src/providers/local/balancer/config.ts';
import {
  BalancerGone,
  command,
  serverStates,
  setState,
} from '../../../../src/providers/local/balancer/runtime.ts';

const HEADER =
  '# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,check_status,last_chk,';
const row = (backend: string, name: string, scur: number, status: string, check: string) =>
  `${backend},${name},0,0,${scur},9,,9,9,9,,0,,0,0,0,0,${status},${check},said,`;

let folder: string;
let server: Server;
let asked: string[];
/** By the beginning of the command; the empty one for all others. */
let answers: Record<string, string>;
const socket = () => join(folder, 'sock');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lp-haproxy-'));
  asked = [];
  answers = {};
  server = createServer((stream) => {
    stream.on('data', (data) => {
      const text = data.toString();
      asked.push(text);
      const known = Object.keys(answers).find((start) => text.startsWith(start));
      stream.end(`${known === undefined ? '' : answers[known]}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(socket(), resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

test('states: health is the balancer’s verdict, service what was ordered, connections count in both backends', async () => {
  answers['show servers state checked'] = [
    '1',
    '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight',
    '3 checked 1 up 10.128.0.2 2 0 1',
    '3 checked 2 wavering 10.128.0.3 2 0 1',
    '3 checked 3 down 10.128.0.4 0 0 1',
    '3 checked 4 fresh 10.128.0.5 2 0 1',
    '3 checked 5 leaving 10.128.0.6 2 8 1',
    '3 checked 6 silent 10.128.0.7 0 8 1',
    '3 checked 7 parked 10.128.0.8 0 1 1',
  ].join('\n');
  answers['show stat'] = [
    HEADER,
    row('api', 'FRONTEND', 3, 'OPEN', ''),
    row('checked', 'up', 2, 'UP', 'L7OK'),
    row('checked', 'wavering', 0, 'UP 1/3', '* L4TOUT'),
    row('checked', 'down', 0, 'DOWN', 'L7STS'),
    row('checked', 'fresh', 0, 'UP', 'INI'),
    row('checked', 'leaving', 1, 'DRAIN', 'L7OK'),
    row('checked', 'silent', 0, 'DOWN', 'L4TOUT'),
    row('checked', 'parked', 0, 'MAINT', 'L7OK'),
    row('checked', 'BACKEND', 3, 'UP', ''),
    row('unchecked', 'up', 1, 'no check', ''),
    row('unchecked', 'BACKEND', 3, 'UP', ''),
  ].join('\n');
  const states = await serverStates(socket());
  expect(
    states.map(({ name, inService, healthy, passing, connections }) => [
      name,
      inService,
      healthy,
      passing,
      connections,
    ]),
  ).toEqual([
    ['up', true, true, true, 3],
    ['wavering', true, true, false, 0],
    ['down', true, false, false, 0],
    ['fresh', true, false, false, 0],
    ['leaving', false, false, true, 1],
    ['silent', false, false, false, 0],
    ['parked', false, false, true, 0],
  ]);
});

test('what haproxy refuses is an error with its words', async () => {
  answers['set server'] = 'No such server.';
  await expect(setState(socket(), 'one', 'drain')).rejects.toThrow(/No such server/);
  expect(asked).toEqual(['set server checked/one state drain\n']);
});

test('an answer is whole, however long', async () => {
  answers['show info'] = 'x'.repeat(300_000);
  expect((await command(socket(), 'show info')).length).toBe(300_000);
});

test('a haproxy that is not there is an error, not a wait', async () => {
  await expect(command(join(folder, 'none'), 'show info')).rejects.toThrow(BalancerGone);
});

test('a haproxy that ends while it is asked is told from one that answers: nothing is read from half an answer', async () => {
  const ends: Record<string, (stream: Socket) => void> = {
    'says nothing': (stream) => stream.end(),
    'is cut off': (stream) => stream.end('1\n# be_id be_name srv_id'),
    'dies with the question unread': (stream) => stream.destroy(),
  };
  for (const [name, end] of Object.entries(ends)) {
    const path = join(folder, `${name.length}.sock`);
    const dying = createServer({ pauseOnConnect: name.startsWith('dies') }, (stream) => {
      stream.on('error', () => {});
      if (name.startsWith('dies')) setTimeout(() => end(stream), 20);
      else stream.once('data', () => end(stream));
    });
    await new Promise<void>((resolve) => dying.listen(path, resolve));
    await expect(serverStates(path), name).rejects.toThrow(BalancerGone);
    await new Promise((resolve) => dying.close(resolve));
  }
});

test('every target is in both backends, checked over HTTPS in one and used as it is in the other', () => {
  const config = haproxyConfig(6443, '/run/x.sock', [{ name: 'one', ip: '10.128.0.2' }]);
  expect(config).toContain(
    'server one 10.128.0.2:6443 id 176160770 weight 16 check check-ssl verify none inter 1s fastinter 100ms downinter 100ms fall 3 rise 1 observe layer4 error-limit 1 on-error mark-down\n',
  );
  expect(config).toContain('server one 10.128.0.2:6443 id 176160770 weight 16\n');
  expect(config).toContain('uri /readyz');
});
