import type { Language as ElementLanguage } from 'element-plus/es/locale';
import { shallowRef } from 'vue';
import { createI18n } from 'vue-i18n';

export const LANGUAGES = { 'zh-CN': '中文', en: 'English' } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = 'hotline.language';

// Refusals and rules come from the server in Chinese, whatever the page speaks.
export const i18n = createI18n({ legacy: false, locale: 'zh-CN', fallbackLocale: 'zh-CN', messages: {} });

/** The words inside Element Plus' own components. */
export const elementLanguage = shallowRef<ElementLanguage>({ name: 'none', el: {} });

/** Each feature's words lie beside its pages; its folder is their first key. Whoever opens a page loads what it says, and no more. */
const files = import.meta.glob<object>('/src/*/*.json', { import: 'default' });

const elements: Record<Language, () => Promise<{ default: ElementLanguage }>> = {
  'zh-CN': () => import('element-plus/es/locale/lang/zh-cn'),
  en: () => import('element-plus/es/locale/lang/en'),
};

const folders = new Set(['app']);
const loaded = new Map<string, Promise<void>>();
let speaking: Language = 'zh-CN';

function load(language: Language, folder: string): Promise<void> {
  const path = `/src/${folder}/${language}.json`;
  const file = files[path];
  if (file === undefined) return Promise.resolve();
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const loading = file().then((messages) => i18n.global.mergeLocaleMessage(language, { [folder]: messages }));
  loaded.set(path, loading);
  // What did not come is asked for again.
  loading.catch(() => loaded.delete(path));
  return loading;
}

/** Chinese unless this person once chose otherwise. */
export function chosenLanguage(): Language {
  return localStorage.getItem(KEPT) === 'en' ? 'en' : 'zh-CN';
}

/** Done when the words of these folders are there. */
export async function learn(names: readonly string[]): Promise<void> {
  for (const name of names) folders.add(name);
  // A language that is just being changed to needs them as well.
  const languages = new Set([i18n.global.locale.value as Language, speaking]);
  await Promise.all([...languages].flatMap((language) => names.map((name) => load(language, name))));
}

export async function speak(language: Language): Promise<void> {
  speaking = language;
  const [element] = await Promise.all([elements[language](), ...[...folders].map((folder) => load(language, folder))]);
  i18n.global.locale.value = language;
  elementLanguage.value = element.default;
  document.documentElement.lang = language;
  localStorage.setItem(KEPT, language);
}
