import { expect, it } from 'vitest';

import { sizeOf } from './files';

it('tells a size in the unit a person reads it in', () => {
  expect([0, 812, 1024, 40_960, 1_572_864].map(sizeOf)).toEqual(['0 B', '812 B', '1 KiB', '40 KiB', '1.5 MiB']);
});
