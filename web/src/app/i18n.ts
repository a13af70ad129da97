import { createI18n } from 'vue-i18n';
import type { Language as ElementLanguage } from 'element-plus/es/locale';
import { shallowRef } from 'vue';

export const LANGUAGES = { 'zh-CN': '中文', en: 'English' } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = 'hotline.language';

// Refusals and rules come from the server in Chinese, whatever the page speaks.
export const i18n = createI18n({ legacy: false, locale: 'zh-CN', fallbackLocale: 'zh-CN', messages: {} });

/** The words inside Element Plus' own components. */
export const elementLanguage = shallowRef<ElementLanguage>({ name: 'none', el: {} });

const loaders: Record<Language, () => Promise<[{ default: object }, { default: ElementLanguage }]>> = {
  'zh-CN': () => Promise.all([import('./locales/zh-CN'), import('element-plus/es/locale/lang/zh-cn')]),
  en: () => Promise.all([import('./locales/en'), import('element-plus/es/locale/lang/en')]),
};

/** Chinese unless this person once chose otherwise. */
export function chosenLanguage(): Language {
  return localStorage.getItem(KEPT) === 'en' ? 'en' : 'zh-CN';
}

export async function speak(language: Language): Promise<void> {
  const [messages, element] = await loaders[language]();
  i18n.global.setLocaleMessage(language, messages.default);
  i18n.global.locale.value = language;
  elementLanguage.value = element.default;
  document.documentElement.lang = language;
  localStorage.setItem(KEPT, language);
}
