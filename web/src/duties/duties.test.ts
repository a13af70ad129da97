import { expect, it } from 'vitest';

import { linesOf, spansOf, type Lack, type Unmet } from './duties';

const at = (instant: string | undefined) => instant ?? '';

it('a line names the unit, what it lacks and since when', () => {
  const lacks = [{ unit: 'nj', name: '南京', lacks: ['process', 'duty'], lacks_names: ['办理流程文件', '值班岗'], since: { duty: '2026-01-02' } }] as unknown as Lack[];
  expect(linesOf(lacks, at).slice(1)).toEqual([
    ['nj', '南京', '办理流程文件', '28(6)', '', '至今'],
    ['nj', '南京', '值班岗', '28(6)', '2026-01-02', '至今'],
  ]);
});

it('what is mended says until when', () => {
  const unmet = [
    { unit: 'nj', lack: 'duty', name: '值班岗', article: '28(6)', since: '2026-01-02', until: '2026-01-05' },
    { unit: 'nj', lack: 'sign', name: '签收岗', article: '28(6)', since: '2026-01-02', until: null },
  ] as unknown as Unmet[];
  expect(spansOf(unmet, () => '南京', at).slice(1).map((line) => line.at(-1))).toEqual(['2026-01-05', '至今']);
});
