import { describe, expect, it } from 'vitest';

import { draftOf, EMPTY, gapsByUnit, linesOf, openGap, shiftOf, type Gap } from './roster';

const chinese = (when: string) => shiftOf(when, (n) => `周${'一二三四五六日'[n]}`, '至', '、');

describe('a roster', () => {
  it('reads as people speak, and leaves alone what it does not know', () => {
    expect(chinese('Mon-Fri 18:00-09:00,12:00-14:00; Sat,Sun 00:00-24:00')).toBe('周一至周五 18:00–09:00、12:00–14:00; 周六、周日 00:00–24:00');
    expect(chinese('always')).toBe('always');
    expect(chinese('Mo-Fr 08:00-09:00')).toBe('Mo-Fr 08:00–09:00');
  });

  it('sends what was written, without empty lines and half deputies', () => {
    const line = { person: '刘洋', phone: '13900008701', when: 'Mon-Sun 00:00-24:00', deputy: { person: '张伟', phone: '13900008702' } };
    expect(linesOf([draftOf(line), { ...EMPTY }])).toEqual([line]);
    const alone = { ...EMPTY, person: ' 陈晨 ', phone: '13900008703' };
    expect(linesOf([alone])).toEqual([{ person: '陈晨', phone: '13900008703', when: 'Mon-Sun 00:00-24:00' }]);
  });
});

describe('gaps', () => {
  const gap = (unit: string, from: string, until: string): Gap => ({ unit, from, until, noticed_at: from });
  const gaps = [gap('a', '2026-11-28T12:00:00+08:00', '2026-11-28T14:00:00+08:00'), gap('b', '2026-11-28T12:00:00+08:00', '2026-11-28T14:00:00+08:00'), gap('a', '2026-11-28T18:00:00+08:00', '2026-11-29T09:00:00+08:00')];

  it('are told by unit', () => {
    expect(gapsByUnit(gaps).map(({ unit, gaps }) => [unit, gaps.length])).toEqual([['a', 2], ['b', 1]]);
  });

  it('are open from their first instant until before their last', () => {
    expect(openGap(gaps, Date.parse('2026-11-28T12:00:00+08:00'))?.unit).toBe('a');
    expect(openGap(gaps, Date.parse('2026-11-28T14:00:00+08:00'))).toBeUndefined();
  });
});
