import { describe, expect, it } from 'vitest';

import { isEnough, preferG711 } from './sdp';
import { NO_PHONE, type PhoneState, type PhoneWish } from './state';
import { SharedPhone, type Browser } from './tabs';

describe('an offer', () => {
  it('names A-law and µ-law first and keeps the rest in order', () => {
    const offer = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\na=mid:0\r\n';
    expect(preferG711(offer)).toBe('v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8 0 111 63 9 13 110 126\r\na=mid:0\r\n');
  });

  it('without them is left alone', () => {
    const offer = 'm=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\n';
    expect(preferG711(offer)).toBe(offer);
  });
});

it('waits for the first candidate of its own host that is no TCP', () => {
  expect(isEnough({ type: 'host', protocol: 'udp' })).toBe(true);
  expect(isEnough({ type: 'host', protocol: 'tcp' })).toBe(false);
  expect(isEnough({ type: 'srflx', protocol: 'udp' })).toBe(false);
});

/** A browser whose tabs live in this test: one lock, and channels that hear each other at once. */
class TwoTabs implements Browser {
  private readonly waiting: (() => Promise<void>)[] = [];
  private held = false;
  private readonly channels = new Set<Channel>();

  lock(_: string, held: () => Promise<void>): void {
    this.waiting.push(held);
    this.next();
  }

  channel(): BroadcastChannel {
    const channel = new Channel(this.channels);
    this.channels.add(channel);
    return channel as unknown as BroadcastChannel;
  }

  private next(): void {
    const held = this.held ? undefined : this.waiting.shift();
    if (held === undefined) return;
    this.held = true;
    void held().then(() => {
      this.held = false;
      this.next();
    });
  }
}

class Channel {
  onmessage: (event: { data: unknown }) => void = () => undefined;
  constructor(private readonly all: Set<Channel>) {}
  postMessage(data: unknown): void {
    for (const other of this.all) if (other !== this) other.onmessage({ data });
  }
  close(): void {
    this.all.delete(this);
  }
}

describe('several tabs', () => {
  function tab(browser: Browser) {
    const wishes: PhoneWish[] = [];
    let tell: (state: PhoneState) => void = () => undefined;
    const phone = new SharedPhone(
      'phone',
      (changed) => {
        tell = changed;
        changed({ ...NO_PHONE, line: 'ready' });
        return { wish: (wish) => wishes.push(wish), stop: () => undefined };
      },
      () => undefined,
      browser,
    );
    return { phone, wishes, tell: (state: PhoneState) => tell(state) };
  }

  it('have one phone, and each shows and works it', () => {
    const browser = new TwoTabs();
    const [one, two] = [tab(browser), tab(browser)];
    expect([one.phone.here, two.phone.here]).toEqual([true, false]);
    // The second asked and was told.
    expect(two.phone.state.line).toBe('ready');
    one.tell({ ...NO_PHONE, line: 'lost' });
    expect(two.phone.state.line).toBe('lost');
    two.phone.wish({ do: 'answer' });
    expect(one.wishes).toEqual([{ do: 'answer' }]);
    expect(two.wishes).toEqual([]);
  });

  it('pass the phone on when its tab closes', async () => {
    const browser = new TwoTabs();
    const [one, two] = [tab(browser), tab(browser)];
    one.phone.close();
    await Promise.resolve();
    await Promise.resolve();
    expect(two.phone.here).toBe(true);
    two.phone.wish({ do: 'hang_up' });
    expect(two.wishes).toEqual([{ do: 'hang_up' }]);
  });
});
