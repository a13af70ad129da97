// The server as its keepers know it: a program in a folder of its own, with the demonstration organisation.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { serveInFront } from './front.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = process.env.HOTLINE_BIN ?? join(ROOT, 'target/debug/hotline');
const MOVED = process.env.HOTLINE_MOVED_BIN ?? join(ROOT, 'target/debug/examples/shifted_server');
const START_MS = 60_000;
export const PASSWORD = 'hotline-demo';

/** A server of a story's own. With `at` its wall clock begins there, and the story moves it by `goOnFrom`. */
export async function startHotline({ at, settings = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-browser-'));
  const media = 40_000 + 200 * Math.floor(Math.random() * 60);
  const [program, ...words] = at === undefined ? [PROGRAM, 'serve', '--demo'] : [MOVED, at];
  const child = spawn(program, words, {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOTLINE__DATA_DIR: join(folder, 'data'),
      HOTLINE__HTTP__LISTEN: `127.0.0.1:${await freeTcpPort()}`,
      HOTLINE__SIP__LISTEN: `127.0.0.1:${await freeUdpPort()}`,
      HOTLINE__MEDIA__PORT_RANGE: `${media}-${media + 199}`,
      ...settings,
    },
  });
  let log = '';
  child.stderr.setEncoding('utf8');
  const ready = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the server does not start:\n${log}`)), START_MS);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
    child.stderr.on('data', (text) => {
      log = (log + text).slice(-2_000_000);
      const said = /ready: HTTP on ([\d.:]+), SIP on ([\d.:]+)/.exec(log);
      if (said === null) return;
      clearTimeout(late);
      resolve({ http: `http://${said[1]}`, sip: said[2] });
    });
  });
  const addresses = await ready;
  // Pages that are worked on, without a new build of the program around them.
  const pages = process.env.HOTLINE_PAGES;
  const front = pages === undefined ? null : await serveInFront(addresses.http, pages);
  return {
    ...addresses,
    ...(front === null ? {} : { http: front.http }),
    folder,
    log: () => log,
    /** From now on it is `instant` at the server, such as `2026-06-10T09:00:00+08:00`. */
    async goOnFrom(instant) {
      child.stdin.write(`${instant}\n`);
      const [said] = await once(child.stdout, 'data');
      if (String(said).trim() !== instant) throw new Error(`the clock answers ${said}`);
    },
    async stop() {
      front?.close();
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        child.kill('SIGTERM');
        const gone = once(child, 'exit');
        const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await gone;
        clearTimeout(hard);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The API as a script uses it. */
export async function signIn(http, username) {
  const answer = await fetch(`${http}/api/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }),
  });
  const { csrf } = await answer.json();
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  return async (method, path, body) => {
    const headers = { cookie, 'x-csrf-token': csrf, 'content-type': 'application/json' };
    const said = await fetch(http + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await said.text();
    if (!said.ok) throw new Error(`${method} ${path}: ${said.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
}

async function freeTcpPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function freeUdpPort() {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
