import { describe, expect, it } from 'vitest';

import { linesOf, rateOf, type Figures } from './figures';

const of = (applicant: string | null, city: string | null, demands: number, answered: number, refused = 0): Figures => ({
  applicant,
  city,
  city_name: city,
  lane: null,
  lane_name: null,
  statistics: null,
  demands,
  answered,
  three_way: 0,
  dispatched: demands - answered,
  passed_for_acceptance: 0,
  refused: [refused, 0, 0, 0, 0, 0],
});
const figures = [of('person', 'nj', 3, 2), of('enterprise', 'nj', 2, 0, 1), of('person', null, 5, 1), of(null, null, 0, 0, 4)];

describe('figures', () => {
  it('add up to the same whatever they are divided by', () => {
    for (const by of ['none', 'applicant', 'city', 'lane'] as const) {
      const lines = linesOf(figures, by);
      expect(lines.reduce((sum, line) => sum + line.demands, 0)).toBe(10);
      expect(lines.reduce((sum, line) => sum + (line.refused[0] ?? 0), 0)).toBe(5);
    }
  });

  it('are divided by who asks, the largest first, each with its rate', () => {
    const lines = linesOf(figures, 'applicant');
    expect(lines.map((line) => [line.key, line.demands, rateOf(line)])).toEqual([
      ['person', 8, '37.5%'],
      ['enterprise', 2, '0.0%'],
      ['', 0, '–'],
    ]);
  });
});
