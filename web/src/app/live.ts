import { defineStore } from 'pinia';
import { onScopeDispose, ref, shallowRef } from 'vue';

import { Live, type Board, type Listener } from '../api/live';

const stream = new Live();

/** The floor as the server last showed it, and how old that is. */
export const useLive = defineStore('live', () => {
  const board = shallowRef<Board | null>(null);
  const board_at = ref(0);
  const connected = ref(false);
  stream.listen({
    board(seen) {
      board.value = seen;
      board_at.value = Date.now();
    },
    connected(yes) {
      connected.value = yes;
    },
  });
  function stop(): void {
    stream.stop();
    board.value = null;
    connected.value = false;
  }
  return { board, board_at, connected, start: () => stream.start(), stop };
});

/** How often a page reads without any news: for what time alone does, and for roles and moments without a stream. */
export const UNTOLD_MS = 60_000;

/** Hears live news for as long as the component stands. */
export function onLive(listener: Listener): void {
  onScopeDispose(stream.listen(listener));
}
