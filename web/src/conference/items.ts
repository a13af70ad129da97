/** What the joint conference 联席会议 took up (`src/domain/organisation/conference.rs`), and what its office may do with it next. */
import type { Schemas } from '../api/client';
import type { Field } from '../tickets/commands';

export type ItemView = Schemas['ItemView'];

interface Said {
  at: string;
  by: string;
}

export interface Item {
  entered_at: string;
  entered_by: string;
  agenda: string;
  held_at: string;
  tickets: string[];
  /** Items of before events were linked have none. */
  clusters?: string[];
  decision: (Said & { decision: string; unit: string; due: string }) | null;
  closing: (Said & { evidence: string }) | null;
  check: (Said & { met: boolean; finding: string }) | null;
}

export function inside(view: ItemView): Item {
  return view.item as unknown as Item;
}

export const STAGES = ['entered', 'decided', 'closed', 'checked'] as const;
/** What an item links, and where that is read. */
export const LINKS = [
  { key: 'tickets', path: '/tickets/' },
  { key: 'clusters', path: '/clusters/' },
] as const;

export type Wish = 'enter' | 'decide' | 'link_ticket' | 'link_cluster' | 'close' | 'check';

export const FORMS: Record<Wish, readonly Field[]> = {
  enter: [
    { key: 'agenda', kind: 'prose' },
    { key: 'held_at', kind: 'instant' },
    { key: 'tickets', kind: 'line', optional: true },
  ],
  decide: [
    { key: 'decision', kind: 'prose' },
    { key: 'unit', kind: 'unit' },
    { key: 'due', kind: 'instant' },
  ],
  link_ticket: [{ key: 'ticket', kind: 'line' }],
  link_cluster: [{ key: 'cluster', kind: 'told' }],
  close: [{ key: 'evidence', kind: 'prose' }],
  check: [
    { key: 'met', kind: 'granted', words: 'conference.met' },
    { key: 'finding', kind: 'prose' },
  ],
};

/** What `username` of the office may wish of an item now, the likeliest first. Who closed it does not check it. */
export function wishesOf(view: ItemView, username: string): Wish[] {
  const closed_by = inside(view).closing?.by;
  switch (view.stage) {
    case 'entered':
      return ['decide', 'link_ticket', 'link_cluster'];
    case 'decided':
      return ['close', 'decide', 'link_ticket', 'link_cluster'];
    case 'closed':
      return closed_by === username ? ['link_ticket', 'link_cluster'] : ['check', 'link_ticket', 'link_cluster'];
    default:
      return [];
  }
}
