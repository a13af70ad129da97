// A telephone outside: a citizen behind the carrier, or a specialist's desk phone. It speaks SIP and RTP over UDP by itself, so
// that the browser's other side is nothing of ours. One call at a time.
import { createHash, randomBytes } from 'node:crypto';
import dgram from 'node:dgram';
import { once, EventEmitter } from 'node:events';

import { aLawOf, energyOf, pcmOfALaw } from './sound.js';

const FRAME = 160;
const FRAME_MS = 20;
const A_LAW = 8;
const TONES = 101;

export class SipPhone extends EventEmitter {
  /** What has been heard since the last `listen`, as samples. */
  heard = [];
  /** Digits that came as telephone-events. */
  digits = '';
  /** Whom the last call asserted to be from (RFC 3325). */
  asserted = '';
  #call = null;
  #sent = new Map();
  #speech = null;
  #speech_at = 0;
  #last_tone = null;

  constructor({ user, server, password }) {
    super();
    this.user = user;
    this.server = server;
    this.password = password;
    this.cseq = Math.floor(Math.random() * 1000) + 1;
  }

  async start() {
    this.sip = dgram.createSocket('udp4');
    this.rtp = dgram.createSocket('udp4');
    this.sip.bind(0, '127.0.0.1');
    this.rtp.bind(0, '127.0.0.1');
    await Promise.all([once(this.sip, 'listening'), once(this.rtp, 'listening')]);
    this.sip.on('message', (bytes) => this.#onSip(bytes.toString('utf8')));
    this.rtp.on('message', (bytes) => this.#onRtp(bytes));
    return this;
  }

  stop() {
    clearInterval(this.#call?.timer);
    this.sip.close();
    this.rtp.close();
  }

  /** Speaks these samples, again and again. */
  say(samples) {
    this.#speech = samples;
    this.#speech_at = 0;
  }

  /** Mean energy of what is heard in the next `ms`, −∞ to 0 dB. */
  async listen(ms) {
    this.heard = [];
    await new Promise((done) => setTimeout(done, ms));
    return energyOf(this.heard.flat());
  }

  get address() {
    return `127.0.0.1:${this.sip.address().port}`;
  }

  async register() {
    const registration = { id: randomBytes(8).toString('hex'), tag: tag() };
    const ask = (extra = []) =>
      this.#request('REGISTER', `sip:127.0.0.1`, {
        to: `<sip:${this.user}@127.0.0.1>`,
        from: `<sip:${this.user}@127.0.0.1>;tag=${registration.tag}`,
        id: registration.id,
        headers: [`Contact: <sip:${this.user}@${this.address}>`, 'Expires: 300', ...extra],
      });
    let answer = await ask();
    if (answer.status === 401) answer = await ask([this.#credentials(answer, 'REGISTER', 'sip:127.0.0.1')]);
    if (answer.status !== 200) throw new Error(`not registered: ${answer.status}`);
  }

  /** Calls; resolves when it is answered. */
  async call(target) {
    const call = {
      id: randomBytes(8).toString('hex'),
      local: `<sip:${this.user}@127.0.0.1>;tag=${tag()}`,
      remote: `<sip:${target}@127.0.0.1>`,
      target: `sip:${target}@127.0.0.1`,
    };
    this.#call = call;
    const answer = await this.#request('INVITE', call.target, {
      to: call.remote,
      from: call.local,
      id: call.id,
      headers: [`Contact: <sip:${this.user}@${this.address}>`, 'Content-Type: application/sdp'],
      body: this.#sdp(),
    });
    if (answer.status !== 200) throw new Error(`not answered: ${answer.status}`);
    call.remote = answer.header('to');
    call.target = uriOf(answer.header('contact')) ?? call.target;
    this.#media(answer.body);
    this.#send(this.#message('ACK', call.target, { to: call.remote, from: call.local, id: call.id, cseq: answer.cseq }));
    this.#talk();
  }

  /** Answers the call that rings. */
  answer() {
    const { invite } = this.#call;
    this.#media(invite.body);
    this.#respond(invite, 200, 'OK', this.#sdp());
    this.#talk();
  }

  async hangUp() {
    const call = this.#call;
    if (call === null) return;
    this.#over();
    await this.#request('BYE', call.target, { to: call.remote, from: call.local, id: call.id }).catch(() => undefined);
  }

  get inCall() {
    return this.#call !== null;
  }

  #over() {
    clearInterval(this.#call?.timer);
    this.#call = null;
    this.emit('over');
  }

  #sdp() {
    const { port } = this.rtp.address();
    return [
      'v=0',
      `o=- ${Date.now()} 1 IN IP4 127.0.0.1`,
      's=-',
      'c=IN IP4 127.0.0.1',
      't=0 0',
      `m=audio ${port} RTP/AVP ${A_LAW} ${TONES}`,
      `a=rtpmap:${A_LAW} PCMA/8000`,
      `a=rtpmap:${TONES} telephone-event/8000`,
      `a=fmtp:${TONES} 0-15`,
      'a=sendrecv',
      '',
    ].join('\r\n');
  }

  #media(sdp) {
    const port = /^m=audio (\d+)/m.exec(sdp)?.[1];
    const host = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1];
    if (port !== undefined && host !== undefined) this.#call.media = { port: Number(port), host };
    this.#call.tones = Number(/^a=rtpmap:(\d+) telephone-event/m.exec(sdp)?.[1] ?? TONES);
  }

  #talk() {
    const call = this.#call;
    if (call.timer !== undefined) return;
    const ssrc = randomBytes(4).readUInt32BE();
    let [seq, stamp] = [0, 0];
    const began = performance.now();
    let sent = 0;
    call.timer = setInterval(() => {
      // As many as are due: timers are late, a phone is not.
      for (const due = (performance.now() - began) / FRAME_MS; sent < due; sent++) {
        const packet = Buffer.alloc(12 + FRAME);
        packet[0] = 0x80;
        packet[1] = A_LAW | (sent === 0 ? 0x80 : 0);
        packet.writeUInt16BE(seq++ & 0xffff, 2);
        packet.writeUInt32BE(stamp >>> 0, 4);
        packet.writeUInt32BE(ssrc, 8);
        for (let i = 0; i < FRAME; i++) packet[12 + i] = aLawOf(this.#nextSample());
        stamp += FRAME;
        if (call.media) this.rtp.send(packet, call.media.port, call.media.host);
      }
    }, FRAME_MS);
  }

  #nextSample() {
    if (this.#speech === null) return 0;
    this.#speech_at = (this.#speech_at + 1) % this.#speech.length;
    return this.#speech[this.#speech_at];
  }

  #onRtp(bytes) {
    if (bytes.length < 12 || bytes[0] >> 6 !== 2) return;
    const type = bytes[1] & 0x7f;
    if (type === A_LAW) {
      this.emit('sound');
      if (this.heard.length < 3000) this.heard.push([...bytes.subarray(12)].map(pcmOfALaw));
    } else if (type === this.#call?.tones) {
      // RFC 4733: the packets of one event share a timestamp.
      const stamp = bytes.readUInt32BE(4);
      if (stamp === this.#last_tone) return;
      this.#last_tone = stamp;
      this.digits += '0123456789*#ABCD'[bytes[12]] ?? '?';
      this.emit('digit', this.digits);
    }
  }

  #onSip(text) {
    const message = read(text);
    if (message.status !== undefined) return this.#onResponse(message);
    switch (message.method) {
      case 'INVITE':
        return this.#onInvite(message);
      case 'BYE':
        this.#respond(message, 200, 'OK');
        return this.#over();
      case 'CANCEL':
        this.#respond(message, 200, 'OK');
        if (this.#call?.invite) this.#respond(this.#call.invite, 487, 'Request Terminated');
        return this.#over();
      case 'ACK':
        return;
      default:
        return this.#respond(message, 200, 'OK');
    }
  }

  #onInvite(invite) {
    const known = this.#call !== null && this.#call.id === invite.header('call-id');
    if (known && this.#call.timer !== undefined) {
      // Offered anew within the call: where to send may have changed.
      this.#media(invite.body);
      return this.#respond(invite, 200, 'OK', this.#sdp());
    }
    if (known) return;
    this.asserted = invite.header('p-asserted-identity') ?? '';
    if (this.#call !== null) return this.#respond(invite, 486, 'Busy Here');
    this.#call = {
      id: invite.header('call-id'),
      remote: invite.header('from'),
      local: `${invite.header('to')};tag=${tag()}`,
      target: uriOf(invite.header('contact')),
      invite,
    };
    this.#respond(invite, 180, 'Ringing');
    this.emit('ringing');
  }

  #onResponse(response) {
    const waiting = this.#sent.get(branchOf(response));
    if (waiting === undefined) {
      // A 200 again: our ACK was lost.
      return;
    }
    if (response.status < 200) return this.emit('progress', response.status);
    this.#sent.delete(branchOf(response));
    clearInterval(waiting.timer);
    if (waiting.method === 'INVITE' && response.status >= 300) {
      this.#send(this.#message('ACK', waiting.uri, { ...waiting.parts, to: response.header('to'), branch: branchOf(response), cseq: response.cseq }));
    }
    waiting.resolve(response);
  }

  #request(method, uri, parts) {
    const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
    const text = this.#message(method, uri, { ...parts, branch, cseq: ++this.cseq });
    this.#send(text);
    return new Promise((resolve, reject) => {
      let times = 0;
      const timer = setInterval(() => {
        if (method !== 'INVITE' && ++times > 8) {
          clearInterval(timer);
          reject(new Error(`${method}: no answer`));
        } else if (method !== 'INVITE') this.#send(text);
      }, 500);
      this.#sent.set(branch, { method, uri, parts, resolve, timer });
    });
  }

  #message(method, uri, { to, from, id, branch, cseq, headers = [], body = '' }) {
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.address};branch=${branch ?? `z9hG4bK${randomBytes(8).toString('hex')}`};rport`,
      'Max-Forwards: 70',
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${id}`,
      `CSeq: ${cseq} ${method}`,
      ...headers,
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n');
  }

  #respond(request, status, reason, body = '') {
    const own = this.#call?.id === request.header('call-id') ? this.#call.local : request.header('to');
    const to = request.header('to').includes('tag=') || status === 100 ? request.header('to') : own.includes('tag=') ? own : `${own};tag=${tag()}`;
    this.#send(
      [
        `SIP/2.0 ${status} ${reason}`,
        ...request.headers('via').map((via) => `Via: ${via}`),
        `From: ${request.header('from')}`,
        `To: ${to}`,
        `Call-ID: ${request.header('call-id')}`,
        `CSeq: ${request.header('cseq')}`,
        ...request.headers('record-route').map((route) => `Record-Route: ${route}`),
        `Contact: <sip:${this.user}@${this.address}>`,
        ...(body === '' ? [] : ['Content-Type: application/sdp']),
        `Content-Length: ${Buffer.byteLength(body)}`,
        '',
        body,
      ].join('\r\n'),
    );
  }

  #send(text) {
    const [host, port] = this.server.split(':');
    this.sip.send(text, Number(port), host);
  }

  #credentials(challenge, method, uri) {
    const offers = challenge.headers('www-authenticate');
    const offer = offers.find((one) => /algorithm=MD5/i.test(one) || !/algorithm=/i.test(one)) ?? offers[0];
    const value = (name) => new RegExp(`${name}="?([^",]+)"?`, 'i').exec(offer)?.[1];
    const algorithm = value('algorithm') ?? 'MD5';
    const hash = (text) => createHash(/sha-256/i.test(algorithm) ? 'sha256' : 'md5').update(text).digest('hex');
    const [realm, nonce, cnonce] = [value('realm'), value('nonce'), randomBytes(4).toString('hex')];
    const secret = hash(`${this.user}:${realm}:${this.password}`);
    const response = hash(`${secret}:${nonce}:00000001:${cnonce}:auth:${hash(`${method}:${uri}`)}`);
    return `Authorization: Digest username="${this.user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=${algorithm}, qop=auth, nc=00000001, cnonce="${cnonce}"`;
  }
}

const tag = () => randomBytes(4).toString('hex');
const uriOf = (contact) => /<([^>]+)>/.exec(contact ?? '')?.[1] ?? contact;
const branchOf = (message) => /branch=([^;,\s]+)/.exec(message.header('via'))?.[1];

function read(text) {
  const [head, ...rest] = text.split('\r\n\r\n');
  const [first, ...lines] = head.split('\r\n');
  const pairs = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
  });
  const headers = (name) => pairs.filter(([known]) => known === name).map(([, value]) => value);
  const header = (name) => headers(name)[0] ?? '';
  const status = /^SIP\/2\.0 (\d{3})/.exec(first)?.[1];
  return {
    method: first.split(' ')[0],
    status: status === undefined ? undefined : Number(status),
    cseq: Number(header('cseq').split(' ')[0]),
    header,
    headers,
    body: rest.join('\r\n\r\n'),
  };
}
