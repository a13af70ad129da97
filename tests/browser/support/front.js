// Files of a folder before the server: what is not there is the server's to answer.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, join } from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export async function serveInFront(http, folder) {
  const { hostname, port } = new URL(http);
  const open = new Set();
  const server = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url, http);
    const is_page = asked.method === 'GET' && !/^\/(api|sip|gateway|assets|healthz|readyz|metrics)/.test(pathname) && extname(pathname) === '';
    const file = join(folder, is_page ? 'index.html' : pathname);
    if (existsSync(file) && statSync(file).isFile()) {
      answer.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
      return answer.end(readFileSync(file));
    }
    const passed = request({ hostname, port, path: asked.url, method: asked.method, headers: asked.headers }, (said) => {
      answer.writeHead(said.statusCode, said.headers);
      said.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  });
  server.on('connection', (socket) => open.add(socket.on('close', () => open.delete(socket))));
  server.on('upgrade', (asked, near, head) => {
    const far = connect(port, hostname, () => {
      const headers = Object.entries(asked.headers).map(([name, value]) => `${name}: ${value}`);
      far.write([`${asked.method} ${asked.url} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
      far.write(head);
      near.pipe(far).pipe(near);
    });
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    http: `http://127.0.0.1:${server.address().port}`,
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
