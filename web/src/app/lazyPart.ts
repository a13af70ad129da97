import { defineAsyncComponent, type Component } from 'vue';

import { learn } from './i18n';

/** A part of a page that another feature brings: loaded when it is needed, with that feature's words. */
export function lazyPart<T extends Component>(words: readonly string[], load: () => Promise<{ default: T }>): T {
  return defineAsyncComponent(async () => {
    const [module] = await Promise.all([load(), learn(words)]);
    return module.default;
  });
}
