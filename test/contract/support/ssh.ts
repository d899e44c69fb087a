import { Client } from 'ssh2';
import { waitFor } from '../../../src/util/wait.ts';

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Logs in as root, as soon as sshd lets us, and runs one command. Rejects unless it exits with 0. */
export async function runOver(host: string, privateKey: string, command: string): Promise<string> {
  const client = await waitFor(() => login(host, privateKey), {
    what: `sshd on ${host}`,
    timeoutMs: 30_000,
    intervalMs: 100,
  });
  try {
    const { code, output } = await runOn(client, command);
    if (code !== 0) throw new Error(`${command}: exit code ${code}: ${output}`);
    return output;
  } finally {
    client.end();
  }
}

function login(host: string, privateKey: string): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once('ready', () => resolve(client));
    // For as long as it lives: a machine that reboots ends its connections any moment.
    client.on('error', reject);
    // One that ends it after its greeting and before it lets us in makes no error, and ends ssh2's own time limit with it.
    client.on('close', () => reject(new Error(`${host} closed the connection`)));
    const alive = { keepaliveInterval: 2000, keepaliveCountMax: 3 };
    client.connect({ host, username: 'root', privateKey, readyTimeout: 5000, ...alive });
  });
}

function runOn(client: Client, command: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // A machine that goes takes the connection, and the answer, with it.
    client.once('close', () => reject(new Error(`${command}: the connection was lost`)));
    client.exec(command, (error, stream) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('close', (code: number | null) => {
        resolve({ code: code ?? 255, output: Buffer.concat(chunks).toString() });
      });
    });
  });
}
