// The server on a clock that a test moves ahead (examples/shifted.rs): the second day comes when it is told to.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import dgram from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from './hotline.js';

const PROGRAM = process.env.HOTLINE_SHIFTED ?? join(ROOT, 'target/debug/examples/shifted');
const START_MS = 60_000;

/** Begins at `from`, e.g. `2026-03-02T09:00:00+08:00`. */
export async function startShifted(from) {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-shifted-'));
  const media = 40_000 + 200 * Math.floor(Math.random() * 60);
  const child = spawn(PROGRAM, [], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOTLINE_SHIFTED_FROM: from,
      HOTLINE__DATA_DIR: join(folder, 'data'),
      HOTLINE__HTTP__LISTEN: `127.0.0.1:${await freePort('tcp')}`,
      HOTLINE__SIP__LISTEN: `127.0.0.1:${await freePort('udp')}`,
      HOTLINE__MEDIA__PORT_RANGE: `${media}-${media + 199}`,
    },
  });
  let log = '';
  child.stderr.setEncoding('utf8');
  const addresses = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the server does not start:\n${log}`)), START_MS);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
    child.stderr.on('data', (text) => {
      log = (log + text).slice(-1_000_000);
      const said = /ready: HTTP on ([\d.:]+), SIP on ([\d.:]+)/.exec(log);
      if (said === null) return;
      clearTimeout(late);
      resolve({ http: `http://${said[1]}`, sip: said[2] });
    });
  });
  return {
    ...addresses,
    log: () => log,
    /** Moves the wall clock ahead. */
    async pass(seconds) {
      child.stdin.write(`advance ${seconds}\n`);
      const [answer] = await once(child.stdout, 'data');
      if (!String(answer).startsWith('advanced')) throw new Error(`the clock did not move: ${answer}`);
    },
    async stop() {
      const gone = once(child, 'exit');
      child.stdin.end();
      const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
      if (child.exitCode === null) await gone;
      clearTimeout(hard);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(kind) {
  const socket = kind === 'tcp' ? createServer().listen(0, '127.0.0.1') : dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
