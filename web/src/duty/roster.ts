/** Rosters 值班表 and call-outs 应急叫应, as the pages work with them. */
import type { Schemas } from '../api/client';

export type Line = Schemas['DutyLine'];
export type Gap = Schemas['DutyGapView'];

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** A shift for people: days by `day` (0 is Monday), `Mon-Fri 18:00-24:00` → `周一至周五 18:00–24:00`. What cannot be read stays. */
export function shiftOf(when: string, day: (n: number) => string, to: string, comma: string): string {
  const parts = when.split(';').map((part) => {
    const [days, hours, ...rest] = part.trim().split(/\s+/);
    if (days === undefined || hours === undefined || rest.length > 0) return part.trim();
    const named = days.split(',').map((range) => {
      const ends = range.split('-').map((name) => DAYS.indexOf(name));
      return ends.includes(-1) ? range : ends.map(day).join(to);
    });
    return `${named.join(comma)} ${hours.split(',').map((span) => span.replace('-', '–')).join(comma)}`;
  });
  return parts.join('; ');
}

/** Gaps by unit, whoever's comes first before the others. */
export function gapsByUnit(gaps: readonly Gap[]): { unit: string; gaps: Gap[] }[] {
  const units = new Map<string, Gap[]>();
  for (const gap of gaps) units.set(gap.unit, [...(units.get(gap.unit) ?? []), gap]);
  return [...units].map(([unit, gaps]) => ({ unit, gaps }));
}

/** The gap that is open now, if one is. */
export function openGap(gaps: readonly Gap[], now: number): Gap | undefined {
  return gaps.find((gap) => Date.parse(gap.from) <= now && now < Date.parse(gap.until));
}

/** One line of the form. */
export interface Draft {
  person: string;
  phone: string;
  when: string;
  deputy: string;
  deputy_phone: string;
  from: string | null;
  until: string | null;
}

export const EMPTY: Draft = { person: '', phone: '', when: 'Mon-Sun 00:00-24:00', deputy: '', deputy_phone: '', from: null, until: null };

export function draftOf(line: Line): Draft {
  return { person: line.person, phone: line.phone, when: line.when, deputy: line.deputy?.person ?? '', deputy_phone: line.deputy?.phone ?? '', from: line.from ?? null, until: line.until ?? null };
}

/** What is sent; lines in which nothing stands are left out. */
export function linesOf(drafts: readonly Draft[]): Line[] {
  return drafts
    .filter((draft) => draft.person.trim() !== '' || draft.phone.trim() !== '')
    .map(({ person, phone, when, deputy, deputy_phone, from, until }) => ({
      person: person.trim(),
      phone: phone.trim(),
      when: when.trim(),
      ...(deputy.trim() || deputy_phone.trim() ? { deputy: { person: deputy.trim(), phone: deputy_phone.trim() } } : {}),
      ...(from ? { from } : {}),
      ...(until ? { until } : {}),
    }));
}

/** Where a call-out stands (`src/domain/callout`). */
export type Stage =
  | { stage: 'calling'; round: number; rung: number; until: string }
  | { stage: 'escalated'; at: string; why: 'nobody_on_duty' | 'nobody_answered' }
  | { stage: 'acknowledged'; at: string; by: string; how: 'phone' | 'sms' | 'page' }
  | { stage: 'cancelled'; at: string; by: string; reason: string };

export type CallOut = Omit<Schemas['CallOutView'], 'stage'> & { stage: Stage };

export function isRunning(callout: CallOut): boolean {
  return callout.stage.stage === 'calling' || callout.stage.stage === 'escalated';
}
