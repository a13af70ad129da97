/** A list of tickets, read page by page. Only the answer to the latest question counts. */
import { ref, shallowRef } from 'vue';

import { api, must } from '../api/client';
import type { TicketView } from './shape';

export interface Wanted {
  view?: string;
  stage?: string;
  unit?: string;
  q?: string;
  /** A ground of article 9, 1 to 6. */
  refusal?: string;
  handover?: string;
  lane?: string;
}

const PAGE = 100;

export function useListing() {
  const items = shallowRef<TicketView[]>([]);
  const loading = ref(false);
  const failed = ref('');
  const more = ref(false);
  let wanted: Wanted = {};
  let cursor: string | null = null;
  let turn = 0;

  async function read(after: string | null): Promise<void> {
    const mine = ++turn;
    loading.value = true;
    failed.value = '';
    try {
      const { refusal, ...others } = wanted;
      const query = { ...others, ...(refusal ? { refusal: Number(refusal) } : {}), limit: PAGE, ...(after === null ? {} : { cursor: after }) };
      const page = must(await api.GET('/api/v1/tickets', { params: { query } }));
      if (mine !== turn) return;
      items.value = after === null ? page.items : [...items.value, ...page.items];
      cursor = page.next_cursor ?? null;
      more.value = cursor !== null;
    } catch (trouble) {
      if (mine !== turn) return;
      failed.value = trouble instanceof Error ? trouble.message : String(trouble);
      if (after === null) items.value = [];
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  /** Reads the list of `what` from its beginning. */
  function open(what: Wanted): Promise<void> {
    wanted = Object.fromEntries(Object.entries(what).filter(([, value]) => value)) as Wanted;
    cursor = null;
    return read(null);
  }

  /** Reads what follows, if anything does. */
  async function next(): Promise<void> {
    if (cursor !== null && !loading.value) await read(cursor);
  }

  /** Reads the beginning again. */
  const again = (): Promise<void> => read(null);

  return { items, loading, failed, more, open, next, again };
}
