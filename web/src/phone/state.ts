/** What is known of a phone, the same in every tab. */

export type LineState =
  /** No phone in any tab. */
  | 'off'
  | 'connecting'
  /** Registered: calls can come. */
  | 'ready'
  /** The way to the server broke; a call that is up may still be heard. */
  | 'lost'
  /** Another browser of this person has the phone now. */
  | 'taken';

export interface PhoneCall {
  /** The server's name for the call, when it said. */
  id: string | null;
  incoming: boolean;
  /** Number or name of who is on the other side. */
  peer: string;
  phase: 'ringing' | 'connecting' | 'up';
  muted: boolean;
  /** On hold by our own re-INVITE. */
  held: boolean;
  /** When it was answered. */
  up_at: number | null;
}

export interface PhoneState {
  line: LineState;
  call: PhoneCall | null;
  /** The browser was not allowed to use a microphone. */
  deaf: boolean;
  /** How the last call ended, in SIP's words, when not as wished. */
  failed: string | null;
}

/** What can be wished of a phone, from whatever tab. */
export type PhoneWish =
  | { do: 'answer' }
  | { do: 'hang_up' }
  | { do: 'mute'; on: boolean }
  | { do: 'hold'; on: boolean }
  | { do: 'tone'; key: string }
  | { do: 'call'; target: string }
  /** Takes the phone back from another browser. */
  | { do: 'take' };

export const NO_PHONE: PhoneState = { line: 'off', call: null, deaf: false, failed: null };
