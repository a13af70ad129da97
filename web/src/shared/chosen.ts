/** A list of which one is at hand, what is being done about it, and the chain of what was. */
import { computed, ref, shallowRef, watch, type Ref } from 'vue';

import { showTrouble } from '../app/trouble';

interface Chained {
  id: string;
  version: number;
  names: Record<string, string>;
}

/** `making` is the form that adds one: it stays open whichever is chosen, any other is about the one it was opened for. */
export function useChosen<T extends { id: string; names: Record<string, string> }, Doing extends string>(items: Ref<readonly T[]>, making: Doing) {
  const chosen = ref('');
  const doing = ref<Doing | ''>('') as Ref<Doing | ''>;
  const current = computed(() => items.value.find((one) => one.id === chosen.value));
  const nameOf = (username: string | null | undefined): string => (username ? (current.value?.names[username] ?? username) : '');

  watch(items, (all) => {
    if (!all.some((one) => one.id === chosen.value)) chosen.value = all[0]?.id ?? '';
  });
  watch(chosen, () => {
    if (doing.value !== making) doing.value = '';
  });

  return { chosen, doing, current, nameOf };
}

/** The same with the events of the one at hand, read anew when it changed. */
export function useChained<T extends Chained, Event, Doing extends string>(items: Ref<readonly T[]>, making: Doing, ask: (id: string) => Promise<Event[]>) {
  const choice = useChosen(items, making);
  const events = shallowRef<Event[]>([]);

  watch(
    () => [choice.chosen.value, choice.current.value?.version] as const,
    async ([id]) => {
      events.value = [];
      if (!id) return;
      try {
        const read = await ask(id);
        if (id === choice.chosen.value) events.value = read;
      } catch (trouble) {
        showTrouble(trouble);
      }
    },
  );

  return { ...choice, events };
}
