import { createHash } from 'node:crypto';

import { expect, it } from 'vitest';

import { check } from './tar';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A tar as the server writes it. */
function tar(files: Record<string, string>): Blob {
  const parts: Uint8Array[] = [];
  for (const [path, content] of Object.entries(files)) {
    const bytes = new TextEncoder().encode(content);
    const head = new Uint8Array(512);
    const put = (at: number, text: string) => head.set(new TextEncoder().encode(text), at);
    put(0, path);
    put(124, bytes.length.toString(8).padStart(11, '0'));
    put(257, 'ustar');
    parts.push(head, bytes, new Uint8Array((512 - (bytes.length % 512)) % 512));
  }
  return new Blob([...parts, new Uint8Array(1024)] as BlobPart[]);
}

const FILES = { 'tickets/20261128-000001.json': '{"number":"20261128-000001"}', 'rows/ticket.jsonl': 'x'.repeat(700) };
const SHEET = {
  format: 'hotline-archive/1',
  schema: 53,
  made_at: '2026-11-28T09:00:00+08:00',
  tickets: ['20261128-000001'],
  files: Object.entries(FILES).map(([path, content]) => ({ path, bytes: content.length, sha256: sha256(content) })),
};
const whole = { ...FILES, 'archive.json': JSON.stringify(SHEET) };

it('finds a whole archive whole', async () => {
  expect(await check(tar(whole))).toMatchObject({ tickets: SHEET.tickets, files: 2, hashed: true, faults: [] });
});

it('tells a changed file, a missing one, and one that the sheet does not know', async () => {
  const { 'rows/ticket.jsonl': rows, ...rest } = whole;
  const faults = async (files: Record<string, string>) => (await check(tar(files))).faults;
  expect(await faults({ ...whole, 'rows/ticket.jsonl': rows.replace('x', 'y') })).toEqual([{ fault: 'changed', path: 'rows/ticket.jsonl' }]);
  expect(await faults(rest)).toEqual([{ fault: 'missing', path: 'rows/ticket.jsonl' }]);
  expect(await faults({ 'rows/other.jsonl': '', ...whole })).toEqual([{ fault: 'unknown', path: 'rows/other.jsonl' }]);
});

it('tells one that broke off, and what is no archive', async () => {
  const archive = tar(whole);
  expect((await check(archive.slice(0, 1600))).faults).toEqual([{ fault: 'broke_off' }]);
  expect((await check(new Blob(['hello']))).faults).toEqual([{ fault: 'not_an_archive' }]);
});
