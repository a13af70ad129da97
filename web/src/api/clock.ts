/** The server's time: desks' clocks go wrong, and deadlines are the server's. */

let ahead_ms = 0;
let known = false;

/** The server named its time in a `Date` header, which has whole seconds. */
export function heard(date: string | null, here = Date.now()): void {
  const there = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(there)) return;
  // The header is cut to the second and travelled a while: only a difference beyond that says anything.
  const difference = there + 500 - here;
  if (Math.abs(difference) > 2000) ahead_ms = difference;
  else if (!known) ahead_ms = 0;
  known = true;
}

export function serverNow(here = Date.now()): number {
  return here + ahead_ms;
}
