import { countCalls as awsCalls } from '../../test/clouds/aws/calls.ts';
import { countCalls as gceCalls } from '../../test/clouds/gce/calls.ts';
import { BOUND } from '../../test/clouds/shared/calls.ts';
import { ratio, table } from './figures.ts';

/** The table of API calls: the real clients at the test clouds, in simulated time and without a machine: seconds. */
export async function apiCalls(): Promise<string> {
  const counts = [...(await gceCalls()), ...(await awsCalls())];
  return table([
    ['API calls of an operation’s steps', 'haup', 'least', 'ratio', 'bound', 'and polling'],
    ...counts.map(({ cloud, operation, calls, least, polling }) => [
      `${cloud}: ${operation}`,
      String(calls.length),
      String(least.length),
      ratio(calls.length, least.length),
      String(BOUND),
      polling > 0 ? String(polling) : '',
    ]),
  ]);
}
