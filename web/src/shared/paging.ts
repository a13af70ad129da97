/** A list read page by page. Only the answer to the latest question counts. */
import { ref, shallowRef } from 'vue';

interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

/** `ask` is given where the page begins; null: at the beginning. */
export function usePaging<T>(ask: (after: string | null) => Promise<Page<T>>) {
  const items = shallowRef<T[]>([]);
  const cursor = ref<string | null>(null);
  const loading = ref(false);
  const failed = ref('');
  let turn = 0;

  async function read(after: string | null = null): Promise<void> {
    const mine = ++turn;
    loading.value = true;
    try {
      const page = await ask(after);
      if (mine !== turn) return;
      items.value = after === null ? page.items : [...items.value, ...page.items];
      cursor.value = page.next_cursor ?? null;
      failed.value = '';
    } catch (trouble) {
      if (mine === turn) failed.value = trouble instanceof Error ? trouble.message : String(trouble);
    } finally {
      if (mine === turn) loading.value = false;
    }
  }

  return { items, cursor, loading, failed, read };
}
