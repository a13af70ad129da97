import { expect, it } from 'vitest';

import { groundOf, namesIn } from './ledger';

it('knows the ground by its item of article 28', () => {
  expect(groundOf('28(1)')).toBe('inaction');
  expect(groundOf('28(6)')).toBe('duties_unmet');
  expect(groundOf('26')).toBe('other');
});

it('keeps a post with its name', () => {
  expect(namesIn('王建国 局长、李强，')).toEqual(['王建国 局长', '李强']);
  expect(namesIn(undefined)).toEqual([]);
});
