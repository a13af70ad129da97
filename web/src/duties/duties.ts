/** What article 7 asks of a unit: the document of its process, and people for four posts. */
import { api, must, type Schemas } from '../api/client';

export const POSTS = ['sign', 'handle', 'review', 'duty'] as const;
export const ASKED = ['process', ...POSTS, 'roster'] as const;

export type Lack = Schemas['LackView'];
export type Unmet = Schemas['UnmetView'];

/** Units asked at once are few hundreds; the register of what they lacked is read page by page, to its end. */
const PAGES_MAX = 200;

export async function allUnmet(): Promise<Unmet[]> {
  const found: Unmet[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const read: { items: Unmet[]; next_cursor?: string | null } = must(await api.GET('/api/v1/accountability/unmet', { params: { query: { limit: 500, ...(cursor === null ? {} : { cursor }) } } }));
    found.push(...read.items);
    cursor = read.next_cursor ?? null;
    if (cursor === null) break;
  }
  return found;
}

/** Chinese whatever the page speaks: it goes to the accounting of article 28(6). */
const HEAD = ['单位代码', '单位', '缺项', '条款', '起', '止'];

/** What is lacking now, a line each. */
export function linesOf(lacks: readonly Lack[], at: (instant: string | undefined) => string): string[][] {
  return [HEAD, ...lacks.flatMap((unit) => unit.lacks.map((lack, n) => [unit.unit, unit.name, unit.lacks_names[n] ?? lack, '28(6)', at(unit.since[lack]), '至今']))];
}

/** What was lacking, from when to when, a line each. */
export function spansOf(unmet: readonly Unmet[], nameOf: (unit: string) => string, at: (instant: string | undefined) => string): string[][] {
  return [HEAD, ...unmet.map((one) => [one.unit, nameOf(one.unit), one.name, one.article, at(one.since), one.until ? at(one.until) : '至今'])];
}
