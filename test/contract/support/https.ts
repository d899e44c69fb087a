import { request } from 'node:https';
import type { Answer } from './contract-world.ts';

/** One HTTPS GET on a connection of its own. The certificate is not verified: test machines sign their own. */
export function get(ip: string, port: number, path: string, timeoutMs = 2000): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: ip, port, path, agent: false, rejectUnauthorized: false, timeout: timeoutMs };
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    const timer = setTimeout(
      () => call.destroy(new Error(`no answer from ${ip} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    call.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    call.end();
  });
}
