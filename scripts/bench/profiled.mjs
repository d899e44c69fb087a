/** Preloaded into haup by profile.ts: writes a CPU profile to $BENCH_PROFILE when it ends. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
process.on('exit', () => {
  session.post('Profiler.stop', (_, { profile }) =>
    writeFileSync(process.env.BENCH_PROFILE, JSON.stringify(profile)),
  );
});
