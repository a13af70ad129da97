import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

import { api, must, type Schemas } from '../api/client';

/** The units by code; read once a window, their names change seldom. */
export const useUnits = defineStore('units', () => {
  const all = ref<Schemas['UnitView'][]>([]);
  let asked: Promise<void> | null = null;

  async function read(): Promise<void> {
    all.value = must(await api.GET('/api/v1/units')).items;
  }

  function load(): Promise<void> {
    asked ??= read().catch((fault: unknown) => {
      asked = null;
      throw fault;
    });
    return asked;
  }

  const names = computed(() => new Map(all.value.map((unit) => [unit.code, unit.name])));
  const nameOf = (code: string): string => names.value.get(code) ?? code;
  const above = computed(() => new Map(all.value.map((unit) => [unit.code, unit.parent ?? null])));
  /** Whether `code` stands under `top`, however far. A tree that bites its tail ends where it began. */
  function isBelow(code: string, top: string): boolean {
    const walked = new Set<string>([code]);
    for (let at = above.value.get(code) ?? null; at !== null && !walked.has(at); at = above.value.get(at) ?? null) {
      if (at === top) return true;
      walked.add(at);
    }
    return false;
  }

  const choices = computed(() => all.value.map((unit) => ({ value: unit.code, label: unit.name, kind: unit.kind })));
  return { all, load, nameOf, isBelow, choices };
});
