// A wire between browser and server that can be cut: what runs over TCP breaks, sound over UDP goes its own way.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export async function layWire(http) {
  const [, host, port] = /^http:\/\/(.+):(\d+)$/.exec(http);
  const open = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(Number(port), host);
    for (const [one, other] of [[near, far], [far, near]]) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    http: `http://127.0.0.1:${server.address().port}`,
    cut() {
      whole = false;
      for (const socket of open) socket.destroy();
    },
    mend() {
      whole = true;
    },
    close() {
      whole = false;
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
