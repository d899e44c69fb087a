import { NAMESPACE, REPORT, REPORT_PATH } from '../model/names.ts';
import { APPLY, type Api } from './api.ts';

const MOST = 50;

let said: string | undefined;

/** Leaves what is wrong with no member in particular where `haup federation status` reads it. One that could not be written is the next one's. */
export async function report(api: Api, problems: readonly string[]): Promise<void> {
  const text = [...problems].sort().slice(0, MOST).join('\n');
  if (text === said) return;
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: REPORT, namespace: NAMESPACE },
    data: { problems: text },
  };
  const query = '?fieldManager=haup-federation-report&force=true';
  await api.call('PATCH', REPORT_PATH + query, { body, contentType: APPLY }).then(
    () => {
      said = text;
    },
    () => {},
  );
}
