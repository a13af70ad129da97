/** Sums of what the server counted, divided as somebody wants to see them. */
import type { Schemas } from '../api/client';

export type Figures = Schemas['FiguresView'];
export const DIVISIONS = ['none', 'applicant', 'city', 'lane'] as const;
export type Division = (typeof DIVISIONS)[number];

export interface Line {
  /** What the line is of; empty: of what is not known, or of all. */
  key: string;
  name: string;
  demands: number;
  answered: number;
  three_way: number;
  dispatched: number;
  passed_for_acceptance: number;
  refused: number[];
}

const keyOf: Record<Division, (of: Figures) => { key: string; name: string }> = {
  none: () => ({ key: '', name: '' }),
  applicant: (of) => ({ key: of.applicant ?? '', name: '' }),
  city: (of) => ({ key: of.city ?? '', name: of.city_name ?? '' }),
  lane: (of) => ({ key: of.lane ?? '', name: of.lane_name ?? of.lane ?? '' }),
};

/** One line for each part, the largest first. */
export function linesOf(figures: readonly Figures[], by: Division): Line[] {
  const lines = new Map<string, Line>();
  for (const of of figures) {
    const { key, name } = keyOf[by](of);
    const line = lines.get(key) ?? { key, name, demands: 0, answered: 0, three_way: 0, dispatched: 0, passed_for_acceptance: 0, refused: [0, 0, 0, 0, 0, 0] };
    line.demands += of.demands;
    line.answered += of.answered;
    line.three_way += of.three_way;
    line.dispatched += of.dispatched;
    line.passed_for_acceptance += of.passed_for_acceptance;
    line.refused = line.refused.map((count, n) => count + (of.refused[n] ?? 0));
    lines.set(key, line);
  }
  return [...lines.values()].sort((a, b) => b.demands - a.demands || a.key.localeCompare(b.key));
}

/** 直接解答率: answered at first contact, of all. */
export function rateOf(line: Line): string {
  return line.demands === 0 ? '–' : `${((line.answered / line.demands) * 100).toFixed(1)}%`;
}
