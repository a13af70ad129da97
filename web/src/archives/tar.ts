/**
 * An archive of tickets as it is taken away (`src/app/archivist.rs`): a POSIX ustar, its sheet `archive.json` last, with the SHA-256
 * of every file. What is not whole, or not as it was, is told.
 */

const BLOCK = 512;
const SHEET = 'archive.json';

interface Sheet {
  format: string;
  made_at: string;
  tickets: string[];
  files: { path: string; bytes: number; sha256: string }[];
}

export type Fault = { fault: 'not_an_archive' | 'broke_off' } | { fault: 'missing' | 'changed' | 'unknown'; path: string };

export interface Checked {
  made_at: string;
  tickets: string[];
  files: number;
  bytes: number;
  /** Whether contents were compared, too: pages that came without TLS cannot. */
  hashed: boolean;
  faults: Fault[];
}

interface Entry {
  path: string;
  content: Blob;
}

function text(block: Uint8Array, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** The files of a tar in order; ends early where it broke off. */
async function* entriesOf(tar: Blob): AsyncGenerator<Entry> {
  for (let at = 0; at + BLOCK <= tar.size; ) {
    const head = new Uint8Array(await tar.slice(at, at + BLOCK).arrayBuffer());
    if (text(head, 257, 5) !== 'ustar') return;
    const bytes = Number.parseInt(text(head, 124, 12), 8);
    const begin = at + BLOCK;
    if (!Number.isSafeInteger(bytes) || begin + bytes > tar.size) return;
    yield { path: text(head, 0, 100), content: tar.slice(begin, begin + bytes) };
    at = begin + Math.ceil(bytes / BLOCK) * BLOCK;
  }
}

const hex = (digest: ArrayBuffer): string => [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** SHA-256 as the sheet has it; null where this page may not compute it (no secure context). */
async function hashOf(content: Blob): Promise<string | null> {
  const subtle = globalThis.crypto?.subtle;
  return subtle === undefined ? null : hex(await subtle.digest('SHA-256', await content.arrayBuffer()));
}

/** Holds an archive against its own sheet. */
export async function check(tar: Blob): Promise<Checked> {
  const seen = new Map<string, { bytes: number; sha256: string | null }>();
  let sheet: Sheet | null = null;
  for await (const { path, content } of entriesOf(tar)) {
    if (path === SHEET) sheet = read(await content.text());
    else seen.set(path, { bytes: content.size, sha256: await hashOf(content) });
  }
  const hashed = globalThis.crypto?.subtle !== undefined;
  const files = seen.size;
  if (sheet === null) {
    const fault = files > 0 ? 'broke_off' : 'not_an_archive';
    return { made_at: '', tickets: [], files, bytes: tar.size, hashed, faults: [{ fault }] };
  }
  const faults = sheet.files.flatMap(({ path, bytes, sha256 }): Fault[] => {
    const found = seen.get(path);
    seen.delete(path);
    if (found === undefined) return [{ fault: 'missing', path }];
    return found.bytes === bytes && (found.sha256 ?? sha256) === sha256 ? [] : [{ fault: 'changed', path }];
  });
  faults.push(...[...seen.keys()].map((path): Fault => ({ fault: 'unknown', path })));
  return { made_at: sheet.made_at, tickets: sheet.tickets, files, bytes: tar.size, hashed, faults };
}

function read(text: string): Sheet | null {
  try {
    const sheet = JSON.parse(text) as Partial<Sheet>;
    return sheet.format?.startsWith('hotline-archive/') && Array.isArray(sheet.files) && Array.isArray(sheet.tickets) ? (sheet as Sheet) : null;
  } catch {
    return null;
  }
}
