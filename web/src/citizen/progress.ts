/** How a ticket stands, in a citizen's words. */
import { parts } from '../tickets/time';

/** What a citizen is shown of a ticket's way. */
export const STEPS = ['accepted', 'handling', 'review', 'closed'] as const;

const OF_STAGE: Record<string, number> = { registered: 0, dispatched: 1, handling: 1, replied: 2, closed: 3, archived: 3 };

/** Which of {@link STEPS} it is at; -1: it goes no way at all. */
export function progressOf(stage: string): number {
  return OF_STAGE[stage] ?? -1;
}

export function leftOf(left_ms: number): { over: boolean; days: number; hours: number; minutes: number } {
  const { days, hours, minutes } = parts(left_ms);
  return { over: left_ms < 0, days, hours, minutes };
}
