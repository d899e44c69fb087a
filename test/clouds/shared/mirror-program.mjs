// A mirror of Kubernetes and etcd binaries: <root>/kubernetes/<version>/<arch>/<binary> and etcd/…, each with .sha256.
// Usage: node mirror-program.mjs ADDRESS PORT FOLDER…   (each FOLDER holds the binaries of one release)
// It ends with its standard input, as when the test that began it is killed.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const [address, port, ...folders] = process.argv.slice(2);

async function sha256(file) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest('hex');
}

process.stdin.on('close', () => process.exit()).resume();

const sums = new Map();
createServer(async (request, response) => {
  const name = basename(new URL(request.url, 'http://mirror').pathname);
  const file = folders
    .map((folder) => join(folder, name.replace(/\.sha256$/, '')))
    .find((each) => existsSync(each));
  if (!file) return response.writeHead(404).end();
  if (name.endsWith('.sha256')) {
    if (!sums.has(file)) sums.set(file, sha256(file));
    return response.end(`${await sums.get(file)}\n`);
  }
  response.setHeader('content-length', statSync(file).size);
  createReadStream(file).pipe(response);
}).listen(Number(port), address, () => console.log('ready'));
