import { yamlText } from '../util/text/yaml.ts';

export interface KubeconfigContents {
  /** Becomes the name of the cluster, the user and the context. */
  readonly cluster: string;
  /** The cluster's uid: each entry then says that haup wrote it, and for which cluster. */
  readonly uid?: string;
  /** The user's name within the file; the cluster's name unless given. */
  readonly user?: string;
  /** `https://198.18.0.10:443` */
  readonly server: string;
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

/** The name of the extension by which haup knows its own entries again; kubectl keeps extensions. */
export const MARK = 'haup';

/** A kubeconfig file's text (YAML) with everything embedded. It holds a private key: 0600. */
export function kubeconfig(contents: KubeconfigContents): string {
  const { cluster, uid, user = cluster, server } = contents;
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  const mark = uid === undefined ? {} : { extensions: [{ name: MARK, extension: { cluster, uid } }] };
  const file = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: cluster,
        cluster: { server, 'certificate-authority-data': base64(contents.caPem), ...mark },
      },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(contents.certPem),
          'client-key-data': base64(contents.keyPem),
          ...mark,
        },
      },
    ],
    contexts: [{ name: cluster, context: { cluster, user, ...mark } }],
    'current-context': cluster,
  };
  return yamlText(file);
}
