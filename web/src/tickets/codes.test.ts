import { describe, expect, it } from 'vitest';

import type { Schemas } from '../api/client';
import { leavesOf, pathOf } from './codes';

const category = (code: string, name: string, parent: string | null): Schemas['CategoryView'] => ({ code, name, parent, field: '城市管理', initials: '' });
const TREE = [category('01', '城市管理', null), category('0101', '市容秩序', '01'), category('010101', '占道经营', '0101'), category('02', '其他', null)];

describe('the tree of categories', () => {
  it('offers its leaves by their whole path', () => {
    expect(leavesOf(TREE)).toEqual([
      { value: '010101', label: '城市管理 / 市容秩序 / 占道经营' },
      { value: '02', label: '其他' },
    ]);
  });

  it('leaves a code it does not know as it is, and a tree that runs in a circle ends', () => {
    expect(pathOf('99', new Map())).toBe('99');
    const circle = new Map([category('a', '甲', 'b'), category('b', '乙', 'a')].map((one) => [one.code, one]));
    expect(pathOf('a', circle)).toBe('乙 / 甲');
  });
});
