/**
 * A SIP phone in the page: one line, one call at a time. It knows nothing of desks or tickets; hold with music, transfer and
 * conference are the server's business.
 */
import { UA, WebSocketInterface } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRTCSessionEvent } from 'jssip/lib/UA';

import { isEnough, preferG711 } from './sdp';
import { NO_PHONE, type PhoneCall, type PhoneState, type PhoneWish } from './state';

export interface Line {
  /** Address of record. */
  uri: string;
  /** Where SIP over WebSocket is spoken. */
  websocket: string;
  display_name?: string;
  /** The same after a reload, so that the old binding is replaced and not added to (RFC 5626). */
  instance: string;
  /** A guest does not register: it can call but not be called. */
  register: boolean;
}

/** Where a call is heard. */
export interface Ears {
  hear(stream: MediaStream | null): void;
  ring(on: boolean): void;
}

/** Minutes of ringing in vain, at most; the server gives up long before. */
const NO_ANSWER_S = 90;
const RECONNECT_MIN_S = 1;
const RECONNECT_MAX_S = 8;
const REGISTER_S = 120;
const MICROPHONE: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: false,
};
/** No server helps to find a way: ours is at a known address. */
const PEER: RTCConfiguration = { iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };
/** Why the server closes a phone for good: another browser has it now, or the login is over. Coming back would take it away again. */
const TAKEN = 4001;
const SIGNED_OUT = 4003;
/** Names the call in the INVITE, as the server knows it. */
const CALL_HEADER = 'X-Hotline-Call';

export class Softphone {
  private state: PhoneState = { ...NO_PHONE, line: 'connecting' };
  private readonly ua: UA;
  private session: RTCSession | null = null;
  /** Asked for while it rings, so that answering does not wait for it; let go when the call is over. */
  private microphone: Promise<MediaStream> | null = null;

  constructor(
    line: Line,
    private readonly ears: Ears,
    private readonly changed: (state: PhoneState) => void,
  ) {
    this.ua = new UA({
      sockets: [new WebSocketInterface(line.websocket)],
      uri: line.uri,
      register: line.register,
      register_expires: REGISTER_S,
      instance_id: line.instance,
      no_answer_timeout: NO_ANSWER_S,
      connection_recovery_min_interval: RECONNECT_MIN_S,
      connection_recovery_max_interval: RECONNECT_MAX_S,
      user_agent: 'Hotline browser phone',
      ...(line.display_name === undefined ? {} : { display_name: line.display_name }),
    });
    this.ua.on('connected', () => {
      if (!line.register) this.become({ line: 'ready' });
    });
    this.ua.on('disconnected', ({ code }) => {
      if (code === TAKEN || code === SIGNED_OUT) {
        this.ua.stop();
        this.become({ line: code === TAKEN ? 'taken' : 'off' });
      } else this.become({ line: 'lost' });
    });
    this.ua.on('registered', () => this.become({ line: 'ready' }));
    this.ua.on('unregistered', () => {
      if (this.state.line === 'ready') this.become({ line: 'lost' });
    });
    this.ua.on('registrationFailed', () => this.become({ line: 'lost' }));
    this.ua.on('newRTCSession', (event: IncomingRTCSessionEvent) => this.arrived(event));
  }

  start(): void {
    this.ua.start();
    this.changed(this.state);
  }

  /** Leaves in good order: hangs up and takes the binding back. */
  stop(): void {
    this.ua.stop();
    this.over(null);
  }

  wish(wish: PhoneWish): void {
    const { session } = this;
    switch (wish.do) {
      case 'answer':
        return void this.answer();
      case 'hang_up':
        if (session === null || session.isEnded()) return;
        // Whoever does not want the call wants it at none of their phones (RFC 3261 §21.6.2).
        if (this.isRingingHere()) session.terminate({ status_code: 603 });
        else session.terminate();
        return;
      case 'mute':
        if (session === null) return;
        if (wish.on) session.mute({ audio: true });
        else session.unmute({ audio: true });
        return;
      case 'hold':
        if (session === null) return;
        if (wish.on) session.hold();
        else session.unhold();
        return;
      case 'tone':
        // In the sound's own stream (RFC 4733), where whoever hears the call hears it too.
        session?.connection.getSenders()[0]?.dtmf?.insertDTMF(wish.key, 120, 60);
        return;
      case 'call':
        return void this.call(wish.target);
      case 'take':
        if (this.state.line !== 'taken') return;
        this.become({ line: 'connecting' });
        this.ua.start();
        return;
    }
  }

  private isRingingHere(): boolean {
    const { call } = this.state;
    return call !== null && call.incoming && call.phase === 'ringing';
  }

  private arrived(event: IncomingRTCSessionEvent): void {
    const { session } = event;
    if (event.originator !== ('remote' as typeof event.originator)) return;
    if (this.session !== null) return session.terminate({ status_code: 486 });
    const { request } = event;
    this.attach(session, {
      id: request.getHeader(CALL_HEADER) ?? null,
      incoming: true,
      peer: session.remote_identity.uri.user ?? '',
      phase: 'ringing',
      muted: false,
      held: false,
      up_at: null,
    });
    this.ears.ring(true);
    this.openMicrophone().catch(() => undefined);
  }

  private async answer(): Promise<void> {
    const { session } = this;
    if (session === null || this.state.call?.phase !== 'ringing') return;
    this.ears.ring(false);
    this.changeCall({ phase: 'connecting' });
    try {
      const mediaStream = await this.openMicrophone();
      if (session.isEnded()) return;
      session.answer({ mediaStream, pcConfig: PEER });
    } catch {
      if (!session.isEnded()) session.terminate({ status_code: 480 });
    }
  }

  private async call(target: string): Promise<void> {
    if (this.session !== null) return;
    this.become({ failed: null });
    const mediaStream = await this.openMicrophone();
    const session = this.ua.call(target, { mediaStream, pcConfig: PEER });
    this.attach(session, {
      id: null,
      incoming: false,
      peer: target,
      phase: 'connecting',
      muted: false,
      held: false,
      up_at: null,
    });
  }

  private attach(session: RTCSession, call: PhoneCall): void {
    this.session = session;
    if (session.connection) this.listen(session.connection);
    session.on('peerconnection', ({ peerconnection }) => this.listen(peerconnection));
    session.on('icecandidate', ({ candidate, ready }) => {
      if (isEnough(candidate)) ready();
    });
    session.on('sdp', (event) => {
      if (event.originator === 'local' && event.type === 'offer') event.sdp = preferG711(event.sdp);
    });
    session.on('accepted', () => this.changeCall({ phase: 'up', up_at: Date.now() }));
    session.on('muted', () => this.changeCall({ muted: true }));
    session.on('unmuted', () => this.changeCall({ muted: false }));
    session.on('hold', ({ originator }) => originator === 'local' && this.changeCall({ held: true }));
    session.on('unhold', ({ originator }) => originator === 'local' && this.changeCall({ held: false }));
    session.on('ended', () => this.over(null));
    session.on('failed', ({ originator, cause }) => this.over(originator === 'local' || cause === 'Canceled' ? null : cause));
    this.become({ call, failed: null });
  }

  private listen(connection: RTCPeerConnection): void {
    connection.addEventListener('track', (event) => this.ears.hear(event.streams[0] ?? new MediaStream([event.track])));
  }

  private openMicrophone(): Promise<MediaStream> {
    this.microphone ??= navigator.mediaDevices.getUserMedia(MICROPHONE).then(
      (stream) => {
        this.become({ deaf: false });
        return stream;
      },
      (fault: unknown) => {
        this.microphone = null;
        this.become({ deaf: true });
        throw fault;
      },
    );
    return this.microphone;
  }

  private over(failed: string | null): void {
    this.session = null;
    this.ears.ring(false);
    this.ears.hear(null);
    const { microphone } = this;
    this.microphone = null;
    microphone?.then((stream) => stream.getTracks().forEach((track) => track.stop())).catch(() => undefined);
    this.become({ call: null, failed });
  }

  private changeCall(change: Partial<PhoneCall>): void {
    if (this.state.call !== null) this.become({ call: { ...this.state.call, ...change } });
  }

  private become(change: Partial<PhoneState>): void {
    this.state = { ...this.state, ...change };
    this.changed(this.state);
  }
}
