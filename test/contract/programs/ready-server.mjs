// Runs inside a test machine: an HTTPS server that stands for an API server. `GET /readyz` is 200, or 503 while
// /run/unready exists; every answer's body is the machine's name. `/stream` sends the name every 50 ms until the end.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { hostname } from 'node:os';

const [port, key, cert] = process.argv.slice(2);
const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
  if (request.url === '/readyz' && existsSync('/run/unready')) response.statusCode = 503;
  if (request.url === '/peer') return response.end(request.socket.remoteAddress);
  if (request.url !== '/stream') return response.end(hostname());
  const timer = setInterval(() => response.write(`${hostname()}\n`), 50);
  response.on('close', () => clearInterval(timer));
});
server.listen(Number(port), '0.0.0.0');
