/**
 * Keyboard shortcuts: components say which keys they know and what for; one listener hears them all, and the help lists
 * what is known at the moment. While an input method is composing, no key is ours.
 */
import { onScopeDispose, shallowReactive } from 'vue';

export interface Shortcut {
  /** Message key of what it does. */
  name: string;
  run: () => void;
}

/** Keys as written in the help: `Alt+1`, `Ctrl+K`, `?`. */
export type Shortcuts = Record<string, Shortcut>;

/** Known at the moment, by the group they are shown in. The youngest group is asked first. */
export const known = shallowReactive(new Map<string, Shortcuts>());

/** Makes `shortcuts` known for as long as the component stands. */
export function useShortcuts(group: string, shortcuts: Shortcuts): void {
  known.set(group, shortcuts);
  onScopeDispose(() => {
    if (known.get(group) === shortcuts) known.delete(group);
  });
}

/** The event's name in {@link Shortcuts}, or null where it is none of ours. */
export function keyOf(event: KeyboardEvent): string | null {
  // 229: some input methods hide the key behind it without saying that they compose.
  if (event.isComposing || event.keyCode === 229) return null;
  if (event.metaKey) return null;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (event.altKey || event.ctrlKey) {
    const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
    const key = digit ?? letter ?? event.key;
    return `${event.ctrlKey ? 'Ctrl+' : ''}${event.altKey ? 'Alt+' : ''}${key}`;
  }
  const writing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [contenteditable="true"]');
  return writing ? null : event.key;
}

export function hear(event: KeyboardEvent): void {
  const key = keyOf(event);
  if (key === null || event.repeat) return;
  for (const shortcuts of [...known.values()].reverse()) {
    const shortcut = shortcuts[key];
    if (shortcut !== undefined) {
      event.preventDefault();
      shortcut.run();
      return;
    }
  }
}

window.addEventListener('keydown', hear);
