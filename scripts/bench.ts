/**
 * `npm run bench`: what haup costs, as ratios to floors that are measured in the same run, so that they mean the same on
 * every machine. Prints the tables and stores them in docs/benchmarks.md. Needs root, and takes some eight minutes.
 * `npm run bench -- nodes` measures nodes alone, `npm run bench -- roll` upgrades three masters, and a single one in place, under clients,
 * which needs the programs of 1.36,
 * `npm run bench -- restore [MB…]` a rescue from a backup (of 10 MB and of 1 GB), `npm run bench -- federation [OBJECTS [MEMBERS]]` a
 * federation of API servers on this machine (1,000 in 5; about 3 GB); they store nothing.
 */

import './bench/home.ts';

import { rmSync } from 'node:fs';
import build from '../test/e2e/support/build.ts';
import { removeCluster } from '../test/e2e/support/haup.ts';
import { apiCalls } from './bench/api-calls.ts';
import { CLUSTER, gapsRound, profiles, type Timed, timedRound } from './bench/cluster.ts';
import { federationTable } from './bench/federation.ts';
import { duration } from './bench/figures.ts';
import { removeFloor, runFloor } from './bench/floor.ts';
import { removeNodeFloor } from './bench/floor-node.ts';
import { HOME } from './bench/home.ts';
import { IN_PLACE, type InPlaceRound, inPlaceRound, inPlaceTable } from './bench/in-place.ts';
import { load, quiet } from './bench/machine.ts';
import { NODES, type NodesRound, nodesRound, nodesTable } from './bench/nodes.ts';
import { report } from './bench/report.ts';
import { restoreTable } from './bench/restore.ts';
import { ROLL, type RollRound, rollRound, rollTable } from './bench/roll.ts';
import { makeSeed, removeSeed } from './bench/seed.ts';
import { startup } from './bench/startup.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

const [, , part, ...sizes] = process.argv;
if (part === 'federation') {
  const [objects, members] = sizes.map(Number);
  const asked = { ...(objects ? { objects } : {}), ...(members ? { members } : {}) };
  await alone(() => federationTable(asked, say));
}
if (!process.env.HAUP_MAIN) build();
if (part === 'nodes') await alone(async () => nodesTable(await nodesRounds()));
if (part === 'roll') {
  await alone(async () => `${rollTable(await rollRounds())}\n\n${inPlaceTable(await inPlaceRounds())}`);
}
if (part === 'restore') {
  const bytes = sizes.map((megabytes) => Number(megabytes) * 1e6);
  await alone(() => restoreTable(bytes.length > 0 ? bytes : [10e6, 1e9], say));
}
say('API calls, at the test clouds');
const calls = await apiCalls();
await cleanUp();
try {
  say('haup --help and a bare Node, in turn');
  await quiet();
  const help = startup();
  say('ready-made disks for the floor');
  const seed = await makeSeed();
  const floors: Awaited<ReturnType<typeof runFloor>>[] = [];
  const rounds: Timed[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    say(`round ${round} of ${ROUNDS}: the floor`);
    await quiet();
    const floor = await runFloor(seed);
    floors.push(floor);
    say(`the floor: one ${duration(floor.one)}, three ${duration(floor.three)}; load ${load()}`);
    say(`round ${round} of ${ROUNDS}: haup`);
    await quiet();
    const timed = await timedRound();
    rounds.push(timed);
    say(`haup: one ${duration(timed.ready)}, three ${duration(timed.grow.ms)}; load ${load()}`);
  }
  say('the gaps, under a client that writes');
  const gaps = await gapsRound();
  const nodes = await nodesRounds();
  say('what takes haup its processor time');
  report({ help, floors, rounds, gaps, nodes, calls, profiles: await profiles() });
} finally {
  await cleanUp();
}

async function roundsOf<T>(
  what: string,
  measure: () => Promise<T>,
  tell: (round: T) => string,
): Promise<T[]> {
  const rounds: T[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    say(`${what}, round ${round} of ${ROUNDS}`);
    const measured = await measure();
    rounds.push(measured);
    say(`${tell(measured)}; load ${load()}`);
  }
  return rounds;
}

function nodesRounds(): Promise<NodesRound[]> {
  return roundsOf(
    'nodes',
    nodesRound,
    ({ ready, floor, floorWithCertificate }) =>
      `a node: ${duration(ready)}, the floor ${duration(floor)}, with a certificate ${duration(floorWithCertificate)}`,
  );
}

function rollRounds(): Promise<RollRound[]> {
  return roundsOf(
    'a roll',
    rollRound,
    ({ upgrade, floor }) => `an upgrade: ${duration(upgrade.ms)}, the floor ${duration(floor)}`,
  );
}

function inPlaceRounds(): Promise<InPlaceRound[]> {
  return roundsOf(
    'a single master in place',
    inPlaceRound,
    ({ flags, restarts }) =>
      `another argument: ${duration(flags[0]!)}, a restart ${duration(restarts[0][0]!)}`,
  );
}

/** One part alone, which stores nothing. */
async function alone(table: () => Promise<string>): Promise<never> {
  try {
    process.stdout.write(`${await table()}\n\nLoad average ${load()} at the end.\n`);
  } finally {
    await cleanUp();
  }
  process.exit();
}

async function cleanUp(): Promise<void> {
  removeFloor();
  removeNodeFloor();
  await removeSeed();
  await removeCluster(CLUSTER);
  await removeCluster(NODES);
  await removeCluster(ROLL);
  await removeCluster(IN_PLACE);
  rmSync('/var/lib/haup-bench', { recursive: true, force: true });
  rmSync(HOME, { recursive: true, force: true });
}
