import { describe, expect, it } from 'vitest';

import { daysOf, notWeekend, stretches, weekdayOf } from './notice';

describe('a notice', () => {
  it('is read as it is written, days and stretches, each once', () => {
    const { days, bad } = daysOf('2027-01-01、2027-02-05 至 2027-02-07\n2027-02-07,2026-12-31');
    expect(days).toEqual(['2026-12-31', '2027-01-01', '2027-02-05', '2027-02-06', '2027-02-07']);
    expect(bad).toEqual([]);
  });

  it('tells what is no day, what runs backwards and what is too long', () => {
    expect(daysOf('2027-02-30 元旦 2027-05-05~2027-05-01 2027-01-01~2027-12-31').bad).toEqual(['2027-02-30', '元旦', '2027-05-05~2027-05-01', '2027-01-01~2027-12-31']);
  });

  it('shows days in a row as one stretch', () => {
    expect(stretches(['2026-12-31', '2027-01-01', '2027-01-03'])).toEqual([
      { from: '2026-12-31', until: '2027-01-01' },
      { from: '2027-01-03', until: '2027-01-03' },
    ]);
  });

  it('knows weekends', () => {
    expect(weekdayOf('2026-11-28')).toBe(5);
    expect(notWeekend(['2027-02-20', '2027-02-22'])).toEqual(['2027-02-22']);
  });
});
