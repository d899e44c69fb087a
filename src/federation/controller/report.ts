import { NAMESPACE, REPORT, REPORT_PATH } from '../model/names.ts';
import { APPLY, type Api } from './api.ts';

const MOST = 50;

/** Leaves what is wrong with no member in particular where `haup federation status` reads it. One that could not be written is the next one's. */
export function openReport(api: Api): (problems: readonly string[]) => Promise<void> {
  let said: string | undefined;
  return async (problems) => {
    const lines = [...problems].map((problem) => problem.replaceAll('\n', ' ')).sort();
    const more = lines.length > MOST ? [`and ${lines.length - MOST} more`] : [];
    const text = [...lines.slice(0, MOST), ...more].join('\n');
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
  };
}
