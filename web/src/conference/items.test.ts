import { expect, it } from 'vitest';

import { wishesOf, type ItemView } from './items';

const item = (stage: string, closed_by?: string): ItemView => ({ stage, item: { closing: closed_by ? { by: closed_by } : null } }) as unknown as ItemView;

it('is decided, closed, and checked by somebody else', () => {
  expect(wishesOf(item('entered'), 'wu')[0]).toBe('decide');
  expect(wishesOf(item('decided'), 'wu')[0]).toBe('close');
  expect(wishesOf(item('closed', 'wu'), 'wu')).not.toContain('check');
  expect(wishesOf(item('closed', 'wu'), 'zhou')[0]).toBe('check');
  expect(wishesOf(item('checked', 'wu'), 'zhou')).toEqual([]);
});
