import { choice, text, toggle, withFallback } from '../flag.ts';
import * as values from '../input/values.ts';

// What is asked, and how it is said.

export const yes = toggle('yes', 'do not ask', { short: 'y' });
export const to = text('to', 'URL', 'the store that it moves to', values.storeUrl);
export const watch = toggle('watch', 'keep looking', { short: 'w' });
export const merge = toggle('merge', 'write it into $KUBECONFIG or ~/.kube/config, keeping what is there');
export const endpoint = choice(
  'endpoint',
  'WHAT',
  "address: the API address; dns: the load balancer's DNS name, where the cloud gives one",
  ['address', 'dns'],
);
export const output = choice('output', 'FORMAT', 'text, json or yaml', ['text', 'json', 'yaml'], {
  short: 'o',
});

/** Every command has these. */
export const common = {
  config: text('config', 'FILE', 'a YAML file that sets flags by their names', values.filePath),
  store: text('store', 'URL', 'where clusters are remembered', values.storeUrl, {
    defaultText: 'file://$HAUP_HOME/clusters, HAUP_HOME being ~/.haup',
  }),
  storeIdentity: text(
    'store-identity',
    'FILE',
    'the age identity, or the passphrase, that secrets in an s3:// or gs:// store are sealed with',
    values.filePath,
  ),
  timeout: withFallback(
    text('timeout', 'TIME', 'give up after this long', values.duration, { defaultText: '30m' }),
    30 * 60_000,
  ),
  logFormat: choice(
    'log-format',
    'FORMAT',
    'text: a live display on a terminal, plain lines otherwise; plain; json: one event a line',
    ['text', 'plain', 'json'],
  ),
  debug: toggle('debug', 'show stack traces'),
} as const;
