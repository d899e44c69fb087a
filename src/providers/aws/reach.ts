import { connect } from 'node:net';

/** How long one of a name's addresses may take before the next is tried; Node's own 250 ms is too little between continents. */
const EACH_MS = 400;

/** Whether anyone takes a connection there: twice, for one lost packet must not count. At most 3 s. */
export async function reach(host: string, port: number): Promise<boolean> {
  return (await connects(host, port)) || connects(host, port);
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1500, autoSelectFamilyAttemptTimeout: EACH_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
