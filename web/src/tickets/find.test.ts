import { expect, it } from 'vitest';

import { numbersIn } from './find';
import { fromBeijing } from './time';

it('finds ticket numbers however they were set apart, each once', () => {
  expect(numbersIn(' 20261128-000001、20261128-000002\n20261128-000001; ')).toEqual(['20261128-000001', '20261128-000002']);
  expect(numbersIn('  ')).toEqual([]);
});

it('reads a day and a minute as Beijing has them', () => {
  expect(fromBeijing('2026-12-01')).toBe('2026-12-01T00:00:00+08:00');
  expect(fromBeijing('2026-12-01T09:30')).toBe('2026-12-01T09:30:00+08:00');
});
