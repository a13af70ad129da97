/** The ledger of accountability 问责台账 (`src/domain/accountability`): article 28's grounds, and what is written into it. */
import type { Field, Values } from '../tickets/commands';

/** In the article's order: the first is 28(1). */
export const GROUNDS = ['inaction', 'mishandling', 'lead_failed', 'co_handler_failed', 'untrue', 'duties_unmet', 'other'] as const;

export const CULPABILITIES = ['intent', 'negligence'] as const;

/** The ground that `article` is; what is none is another. */
export function groundOf(article: string): (typeof GROUNDS)[number] {
  const item = /^28\((\d)\)$/.exec(article)?.[1];
  return GROUNDS[Number(item ?? 7) - 1] ?? 'other';
}

export const RECORD: readonly Field[] = [
  { key: 'ground', kind: 'choice', choices: GROUNDS, words: 'ledger.ground' },
  // 28(2) 因故意或过失: of mishandling, and of nothing else.
  { key: 'culpability', kind: 'choice', choices: CULPABILITIES, words: 'ledger.culpability', when: (values) => values['ground'] === 'mishandling' },
  { key: 'unit', kind: 'unit' },
  { key: 'ticket', kind: 'line', optional: true },
  { key: 'person', kind: 'line', optional: true },
  { key: 'leaders', kind: 'line', optional: true },
  { key: 'facts', kind: 'prose' },
  { key: 'evidence', kind: 'prose' },
];

export const DECIDE: readonly Field[] = [
  { key: 'approved', kind: 'granted' },
  { key: 'reason', kind: 'prose' },
];

/** Names, however they are set apart. A name and its post may have a space between them. */
export function namesIn(text: unknown): string[] {
  return String(text ?? '')
    .split(/[、，,;；]+/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** What an entry is begun with: from a fact that a rule computed, or a duty that was not met. */
export type Begin = Values;
