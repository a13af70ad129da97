import { describe, expect, it } from 'vitest';

import { leftOf, progressOf, STEPS } from './progress';

describe("a citizen's view of a ticket", () => {
  it('goes forward with its stages, and has no way where there is none', () => {
    const way = ['registered', 'dispatched', 'handling', 'replied', 'closed', 'archived'].map(progressOf);
    expect(way).toEqual([...way].sort());
    expect(way.at(-1)).toBe(STEPS.length - 1);
    expect(progressOf('voided')).toBe(-1);
    expect(progressOf('draft')).toBe(-1);
  });

  it('tells what is left, and how much too late it is', () => {
    expect(leftOf(26 * 3600_000)).toEqual({ over: false, days: 1, hours: 2, minutes: 0 });
    expect(leftOf(-90 * 60_000)).toEqual({ over: true, days: 0, hours: 1, minutes: 30 });
  });
});
