import { expect, it } from 'vitest';

import { csvOf } from './csv';

it('keeps commas, quotes and lines in their cell, and runs no formula', () => {
  const rows = [
    ['单位', '缺项'],
    ['城管局,一处', '值班岗"夜"'],
    ['=HYPERLINK("http://x")', '-1'],
  ];
  expect(csvOf(rows)).toBe('\uFEFF单位,缺项\r\n"城管局,一处","值班岗""夜"""\r\n"\'=HYPERLINK(""http://x"")",\'-1\r\n');
});
