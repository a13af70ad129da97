// The outside world of a ticket's life: a citizen's telephone behind the carrier, and a provider of short messages that takes
// them in and calls back with what citizens answer. The server is told of both as its administrator would tell it.
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { signIn } from './hotline.js';
import { SipPhone } from './sip_phone.js';
import { until } from './until.js';

const TOKEN = 'a-long-callback-token';
const SECRET = 'a-secret-of-the-provider';

export async function buildTown(hotline, citizen_number) {
  const citizen = await new SipPhone({ user: citizen_number, server: hotline.sip }).start();
  const taken = [];
  const provider = createServer((asked, answer) => {
    let text = '';
    asked.setEncoding('utf8');
    asked.on('data', (part) => (text += part));
    asked.on('end', () => {
      const message = JSON.parse(text);
      taken.push(message);
      answer.writeHead(200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ message_id: message.id }));
    });
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');

  const admin = await signIn(hotline.http, 'admin');
  const toml = [
    '[[trunk]]',
    'name = "carrier"',
    'allow = ["127.0.0.0/8"]',
    `outbound = "sip:${citizen.address}"`,
    '[[sms_gateway]]',
    'name = "main"',
    'kind = "http"',
    `url = "http://127.0.0.1:${provider.address().port}/submit"`,
    `callback_token = "${TOKEN}"`,
    `secret = "${SECRET}"`,
  ].join('\n');
  await admin('POST', '/api/v1/organisation/apply', { toml });

  return {
    citizen,
    /** The message to `number` that `holds` these words. */
    async message(number, holds) {
      let found;
      await until(
        () => (found = taken.find(({ to, text }) => to === number && text.includes(holds))) !== undefined,
        () => `a message with ${holds} to ${number}; there are ${JSON.stringify(taken)}`,
      );
      return found;
    },
    /** What the citizen answers by message, at this instant of the server's clock. */
    async answerMessage(from, text, at) {
      const body = JSON.stringify({ id: randomUUID(), from, text, at });
      const signed = Math.floor(Date.parse(at) / 1000);
      const mac = createHmac('sha256', SECRET).update(`${signed}.${body}`).digest('hex');
      const said = await fetch(`${hotline.http}/gateway/sms/main/${TOKEN}/reply`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-hotline-signature': `t=${signed},v1=${mac}` },
        body,
      });
      if (!said.ok) throw new Error(`the reply was not taken: ${said.status} ${await said.text()}`);
    },
    close() {
      citizen.stop();
      provider.closeAllConnections();
      provider.close();
    },
  };
}
