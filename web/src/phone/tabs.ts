/**
 * Several tabs, one phone. Whoever holds the browser's lock is the phone; the others show it and send it wishes. When its tab
 * closes, the lock goes to the next tab, which becomes the phone.
 */
import { NO_PHONE, type PhoneState, type PhoneWish } from './state';

/** What tabs say to each other. */
type Word = { say: 'state'; state: PhoneState } | { say: 'wish'; wish: PhoneWish } | { say: 'ask' };

/** The phone itself, in the tab that has it. */
export interface Handset {
  wish(wish: PhoneWish): void;
  stop(): void;
}

/** The parts of the browser used, so that a test can be two tabs. */
export interface Browser {
  /** Runs `held` when the lock is ours, until its promise ends. */
  lock(name: string, held: () => Promise<void>, signal: AbortSignal): void;
  channel(name: string): BroadcastChannel;
}

export const THIS_BROWSER: Browser = {
  lock(name, held, signal) {
    // Aborted when the page leaves before its turn came.
    navigator.locks.request(name, { signal }, held).catch(() => undefined);
  },
  channel: (name) => new BroadcastChannel(name),
};

export class SharedPhone {
  /** Whether the phone is in this tab. */
  here = false;
  state: PhoneState = NO_PHONE;
  private handset: Handset | null = null;
  private readonly channel: BroadcastChannel;
  private readonly leaving = new AbortController();
  private release: () => void = () => undefined;

  constructor(
    name: string,
    private readonly open: (changed: (state: PhoneState) => void) => Handset,
    private readonly changed: () => void,
    browser: Browser = THIS_BROWSER,
  ) {
    this.channel = browser.channel(name);
    this.channel.onmessage = (event: MessageEvent<Word>) => this.hear(event.data);
    this.say({ say: 'ask' });
    browser.lock(name, () => this.become(), this.leaving.signal);
  }

  wish(wish: PhoneWish): void {
    if (this.handset !== null) this.handset.wish(wish);
    else this.say({ say: 'wish', wish });
  }

  close(): void {
    this.leaving.abort();
    this.handset?.stop();
    this.handset = null;
    if (this.here) this.say({ say: 'state', state: NO_PHONE });
    this.here = false;
    this.release();
    this.channel.close();
  }

  /** The lock is ours: be the phone until told to leave. */
  private become(): Promise<void> {
    if (this.leaving.signal.aborted) return Promise.resolve();
    this.here = true;
    this.handset = this.open((state) => {
      this.show(state);
      this.say({ say: 'state', state });
    });
    return new Promise((resolve) => (this.release = resolve));
  }

  private hear(word: Word): void {
    switch (word.say) {
      case 'state':
        if (!this.here) this.show(word.state);
        return;
      case 'wish':
        this.handset?.wish(word.wish);
        return;
      case 'ask':
        if (this.here) this.say({ say: 'state', state: this.state });
        return;
    }
  }

  private show(state: PhoneState): void {
    this.state = state;
    this.changed();
  }

  private say(word: Word): void {
    this.channel.postMessage(word);
  }
}
