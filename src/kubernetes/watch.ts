import { request } from 'node:https';
import type { ApiClient } from './client.ts';

export interface WatchProbe {
  /** Ends the watch. `reconnects`: how often the server or the network ended it before. */
  close(): { readonly reconnects: number };
}

/** Keeps one watch open, as a controller does, and opens it again whenever it ends. */
export function openWatch(client: ApiClient, path: string): WatchProbe {
  let reconnects = 0;
  let closed = false;
  let end = (): void => {};
  let timer: NodeJS.Timeout | undefined;

  const open = (): void => {
    const outgoing = request({
      host: client.ip,
      port: client.port,
      path,
      agent: false,
      ca: client.caPem,
      cert: client.certPem,
      key: client.keyPem,
    });
    let over = false;
    const again = (): void => {
      if (closed || over) return;
      over = true;
      reconnects += 1;
      timer = setTimeout(open, 100);
    };
    outgoing.on('response', (incoming) => {
      incoming.on('error', () => {});
      incoming.on('close', again);
      incoming.resume();
    });
    outgoing.on('error', again);
    outgoing.end();
    end = () => outgoing.destroy();
  };
  open();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      end();
      return { reconnects };
    },
  };
}
