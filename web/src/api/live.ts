/** What the server pushes: `GET /api/v1/live`. One stream a window, opened again whatever ended it. */
import type { Schemas } from './client';

export type Board = Schemas['Board'];
export interface TicketNews {
  id: string;
  stage: string;
  version: number;
}

/** A revisit, a case of supervision or a call-out; by its ticket too. */
export interface BesideNews {
  id: string;
  ticket_id: string;
}

export interface Listener {
  board?: (board: Board) => void;
  ticket?: (news: TicketNews) => void;
  revisit?: (news: BesideNews) => void;
  supervision?: (news: BesideNews) => void;
  cluster?: (news: { id: string }) => void;
  callout?: (news: BesideNews) => void;
  /** A unit's roster, or the gaps in it. */
  duty?: (news: { unit: string }) => void;
  /** Something was missed: read everything again. Also said after each reconnect. */
  resync?: () => void;
  /** Whether news can arrive. */
  connected?: (yes: boolean) => void;
}

/** What of the server's events is handed on as it comes. */
const NAMES = ['board', 'ticket', 'revisit', 'supervision', 'cluster', 'callout', 'duty'] as const;

const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 15_000;

export class Live {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private retry_ms = RETRY_MIN_MS;
  private opened = false;
  private readonly listeners = new Set<Listener>();

  constructor(private readonly open: () => EventSource = () => new EventSource('/api/v1/live')) {}

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    if (this.source !== null) return;
    clearTimeout(this.timer);
    const source = this.open();
    this.source = source;
    source.onopen = () => {
      this.retry_ms = RETRY_MIN_MS;
      this.tell((listener) => listener.connected?.(true));
      if (this.opened) this.tell((listener) => listener.resync?.());
      this.opened = true;
    };
    source.onerror = () => {
      this.tell((listener) => listener.connected?.(false));
      // The browser tries again by itself after a stream that ended, but gives up after an error status.
      if (source.readyState !== EventSource.CLOSED) return;
      this.source = null;
      this.timer = setTimeout(() => this.start(), this.retry_ms);
      this.retry_ms = Math.min(this.retry_ms * 2, RETRY_MAX_MS);
    };
    for (const name of NAMES) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        const news = JSON.parse(event.data) as never;
        this.tell((listener) => listener[name]?.(news));
      });
    }
    source.addEventListener('resync', () => this.tell((listener) => listener.resync?.()));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.opened = false;
  }

  private tell(what: (listener: Listener) => void): void {
    for (const listener of this.listeners) what(listener);
  }
}
