import { describe, expect, it, vi } from 'vitest';

import { Live } from '../api/live';
import pages from './pages.json';
import { ROLES } from './roles';
import { homeOf, routes } from './router';
import { keyOf } from './shortcuts';

/** Every path to a text, `a.b.c`. */
function keys(messages: unknown, before = ''): string[] {
  if (typeof messages !== 'object' || messages === null) return [before];
  return Object.entries(messages).flatMap(([key, value]) => keys(value, before === '' ? key : `${before}.${key}`));
}

const english = byFolder(import.meta.glob<object>('/src/*/en.json', { eager: true, import: 'default' }));
const chinese = byFolder(import.meta.glob<object>('/src/*/zh-CN.json', { eager: true, import: 'default' }));

function byFolder<T>(files: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(files).map(([path, file]) => [path.split('/')[2] ?? '', file]));
}

describe('messages', () => {
  it('are the same in both languages', () => {
    expect(keys(english).sort()).toEqual(keys(chinese).sort());
  });

  it('name every page', () => {
    const known = keys(chinese);
    for (const route of routes) expect(known).toContain(route.meta?.title);
  });
});

describe('pages', () => {
  it('are all known to the server, which answers 404 for anything else', () => {
    for (const { path } of routes) {
      if (path.startsWith('/:')) continue;
      expect(pages).toContain(path.split('/')[1]);
    }
  });

  it('has a home for every role', () => {
    for (const role of ROLES) expect(homeOf(role)).toMatch(/^\//);
  });
});

describe('shortcuts', () => {
  const key = (init: KeyboardEventInit & { keyCode?: number }) => keyOf(new KeyboardEvent('keydown', init));

  it('are named as the help writes them', () => {
    expect(key({ key: '1', code: 'Digit1', altKey: true })).toBe('Alt+1');
    expect(key({ key: 'Enter', code: 'Enter', altKey: true })).toBe('Alt+Enter');
    expect(key({ key: 'k', code: 'KeyK', ctrlKey: true })).toBe('Ctrl+K');
    expect(key({ key: '?', code: 'Slash', shiftKey: true })).toBe('?');
    // A Mac's Alt makes another sign of the key; where it lies does not change.
    expect(key({ key: '¡', code: 'Digit1', altKey: true })).toBe('Alt+1');
  });

  it('are left alone while an input method is composing', () => {
    expect(key({ key: 'Enter', code: 'Enter', altKey: true, isComposing: true })).toBeNull();
  });

  it('without Alt or Ctrl are text in a field', () => {
    const field = document.createElement('input');
    document.body.append(field);
    let named: string | null = 'nothing';
    field.addEventListener('keydown', (event) => (named = keyOf(event)));
    field.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true }));
    expect(named).toBeNull();
  });
});

describe('live events', () => {
  class Source extends EventTarget {
    static readonly CLOSED = 2;
    readyState = 1;
    onopen: () => void = () => undefined;
    onerror: () => void = () => undefined;
    close(): void {
      this.readyState = 2;
    }
  }

  it('open the stream again after an error status, and say what was missed', () => {
    vi.useFakeTimers();
    vi.stubGlobal('EventSource', Source);
    const opened: Source[] = [];
    const live = new Live(() => {
      const source = new Source();
      opened.push(source);
      return source as unknown as EventSource;
    });
    const said: string[] = [];
    live.listen({ connected: (yes) => said.push(yes ? 'up' : 'down'), resync: () => said.push('resync') });
    live.start();
    opened[0]?.onopen();
    opened[0]?.close();
    opened[0]?.onerror();
    vi.advanceTimersByTime(1000);
    opened[1]?.onopen();
    expect(opened).toHaveLength(2);
    expect(said).toEqual(['up', 'down', 'up', 'resync']);
    vi.useRealTimers();
  });
});
