/** A yearly notice 部分节假日安排的通知 as a person writes it: days and stretches of days, in any order. */

export type Read = { days: string[]; bad: string[] };

const DAY_MS = 86_400_000;
/** A stretch longer than this is a slip of the finger. */
const STRETCH_MAX = 31;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** `2027-01-01`, `2027-02-05~2027-02-11` (or 至); separated by commas, spaces, lines. What is no day is told. */
export function daysOf(text: string): Read {
  const days = new Set<string>();
  const bad: string[] = [];
  for (const word of text.replace(/\s*(?:~|至|—|–)\s*/g, '~').split(/[\s,，、;；]+/).filter(Boolean)) {
    const [from, until = from, ...rest] = word.split('~');
    const stretch = rest.length === 0 && from !== undefined && until !== undefined ? between(from, until) : null;
    if (stretch === null) bad.push(word);
    else for (const day of stretch) days.add(day);
  }
  return { days: [...days].sort(), bad };
}

function between(from: string, until: string): string[] | null {
  const [first, last] = [instantOf(from), instantOf(until)];
  if (first === null || last === null || last < first || (last - first) / DAY_MS >= STRETCH_MAX) return null;
  return Array.from({ length: (last - first) / DAY_MS + 1 }, (_, n) => new Date(first + n * DAY_MS).toISOString().slice(0, 10));
}

function instantOf(day: string): number | null {
  if (!DAY.test(day)) return null;
  const at = Date.parse(`${day}T00:00:00Z`);
  // 2027-02-31 is read as a day of March.
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== day ? null : at;
}

/** 0 is Monday. */
export function weekdayOf(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** Days in a row as one stretch: what a person compares with the notice on paper. */
export function stretches(days: readonly string[]): { from: string; until: string }[] {
  const all: { from: string; until: string }[] = [];
  for (const day of days) {
    const last = all.at(-1);
    const next = last !== undefined && Date.parse(`${day}T00:00:00Z`) - Date.parse(`${last.until}T00:00:00Z`) === DAY_MS;
    if (next) last.until = day;
    else all.push({ from: day, until: day });
  }
  return all;
}

/** Worked days that are no weekend, which nobody has to name. */
export function notWeekend(days: readonly string[]): string[] {
  return days.filter((day) => weekdayOf(day) < 5);
}
