/** Instants and lengths of time for people. Everything is Beijing time, whatever the desk's own zone is. */

const FULL = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Shanghai',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `2026-11-28 14:05:09`. */
export function instant(at: string | null | undefined): string {
  return at ? FULL.format(new Date(at)) : '';
}

/** `11-28 14:05`. */
export function minute(at: string | null | undefined): string {
  return instant(at).slice(5, 16);
}

/** What was chosen in a field of day or minute, as an instant: `2026-12-01T09:30` is half past nine in Beijing. */
export function fromBeijing(chosen: string): string {
  const [day, time] = chosen.split('T');
  return `${day}T${time ?? '00:00'}:00+08:00`;
}

/** `2:05`, `1:02:05`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A length in its two largest units: what a person plans by. */
export function parts(ms: number): { days: number; hours: number; minutes: number; seconds: number } {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  return {
    days: Math.floor(seconds / 86_400),
    hours: Math.floor(seconds / 3600) % 24,
    minutes: Math.floor(seconds / 60) % 60,
    seconds: seconds % 60,
  };
}
