import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BINARIES, type BinaryName, type Release } from '../../../src/artifacts/sources.ts';
import { listen } from '../../support/listen.ts';

/** A web server of our own on the loopback, that knows byte ranges and can be told to misbehave. */
export interface FileServer {
  readonly url: string;
  /** Path → content; may be changed while it runs. */
  readonly files: Map<string, Buffer>;
  /** Every request so far: "GET /path" and, after a space, its Range header if it had one. */
  readonly requests: string[];
  /** Answers a request itself and returns true, or returns false for the ordinary answer. */
  misbehave: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

export async function startFileServer(files = new Map<string, Buffer>()): Promise<FileServer> {
  const requests: string[] = [];
  const { url, close } = await listen((request, response) => {
    const range = request.headers.range;
    requests.push(`GET ${request.url}${range ? ` ${range}` : ''}`);
    if (!fileServer.misbehave(request, response)) answer(files.get(request.url ?? ''), range, response);
  });
  const fileServer: FileServer = { url, files, requests, misbehave: () => false, close };
  return fileServer;
}

function answer(content: Buffer | undefined, range: string | undefined, response: ServerResponse): void {
  if (!content) return void response.writeHead(404).end('no such file');
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(from))
    return void response.writeHead(200, { 'content-length': content.length }).end(content);
  if (from >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  const rest = content.subarray(from);
  const contentRange = `bytes ${from}-${content.length - 1}/${content.length}`;
  response.writeHead(206, { 'content-length': rest.length, 'content-range': contentRange }).end(rest);
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The files of a mirror that holds one release, for {@link startFileServer}. */
export function mirrorOf(release: Release, contents: Record<BinaryName, Buffer>): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of BINARIES) {
    const component = name.startsWith('etcd')
      ? `etcd/${release.etcdVersion}`
      : `kubernetes/${release.kubernetesVersion}`;
    const path = `/${component}/${release.arch}/${name}`;
    files.set(path, contents[name]);
    files.set(`${path}.sha256`, Buffer.from(`${sha256(contents[name])}  ${name}\n`));
  }
  return files;
}

/** Small shell scripts in place of the executables, each of which says its name. */
export function smallBinaries(): Record<BinaryName, Buffer> {
  return Object.fromEntries(
    BINARIES.map((name) => [name, Buffer.from(`#!/bin/sh\necho ${name}\n`)]),
  ) as Record<BinaryName, Buffer>;
}
