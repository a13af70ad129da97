/** What the organisation's codes mean: its tree of categories, its special channels, the platforms it works with. Read once a window. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';

import { api, must, type Schemas } from '../api/client';
import type { Choice } from '../shared/PinyinSelect.vue';

type Category = Schemas['CategoryView'];

/** `城市管理 / 市容秩序 / 占道经营`. A tree that names itself as its own parent ends where it was before. */
export function pathOf(code: string, known: ReadonlyMap<string, Category>): string {
  const names: string[] = [];
  const walked = new Set<string>();
  for (let at = known.get(code); at !== undefined && !walked.has(at.code); at = at.parent ? known.get(at.parent) : undefined) {
    walked.add(at.code);
    names.unshift(at.name);
  }
  return names.length > 0 ? names.join(' / ') : code;
}

/** What may be chosen: the tree's leaves, in its order. */
export function leavesOf(all: readonly Category[]): Choice[] {
  const known = new Map(all.map((one) => [one.code, one]));
  const parents = new Set(all.map((one) => one.parent));
  return all.filter((one) => !parents.has(one.code)).map((one) => ({ value: one.code, label: pathOf(one.code, known) }));
}

export const useCodes = defineStore('codes', () => {
  const categories = shallowRef<Category[]>([]);
  const lanes = shallowRef<Choice[]>([]);
  /** What the form of this person's desk asks beside what every demand has. */
  const fields = shallowRef<Schemas['FormFieldView'][]>([]);
  let asked: Promise<void> | null = null;

  function load(): Promise<void> {
    asked ??= Promise.all([api.GET('/api/v1/categories'), api.GET('/api/v1/form')])
      .then(([tree, form]) => {
        categories.value = must(tree).items;
        fields.value = must(form).items;
      })
      .catch((fault: unknown) => {
        asked = null;
        throw fault;
      });
    return asked;
  }

  async function loadLanes(): Promise<void> {
    const all = must(await api.GET('/api/v1/lanes')).items;
    lanes.value = all.map((lane) => ({ value: lane.code, label: lane.name }));
  }

  const origins = shallowRef<Schemas['OriginEntryView'][]>([]);
  async function loadOrigins(): Promise<void> {
    if (origins.value.length === 0) origins.value = must(await api.GET('/api/v1/origins')).items;
  }
  /** Platforms that tickets are passed on to. */
  const partners = computed<Choice[]>(() => origins.value.filter((one) => one.partner).map((one) => ({ value: one.system, label: one.name })));
  const systemOf = (system: string): string => origins.value.find((one) => one.system === system)?.name ?? system;

  const known = computed(() => new Map(categories.value.map((one) => [one.code, one])));
  const leaves = computed(() => leavesOf(categories.value));
  /** What the rules call its field 涉及领域. */
  const fieldOf = (code: string): string => known.value.get(code)?.field ?? '';
  const nameOf = (code: string): string => pathOf(code, known.value);
  const required = computed(() => fields.value.filter((field) => field.required).map((field) => field.key));
  /** What people call a field of the form. */
  const labelOf = (key: string): string => fields.value.find((field) => field.key === key)?.name ?? key;
  return { categories, fields, required, labelOf, lanes, leaves, load, loadLanes, loadOrigins, partners, systemOf, nameOf, fieldOf };
});
