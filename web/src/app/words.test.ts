import { expect, it } from 'vitest';

/** Every source, by its path. */
const sources = import.meta.glob<string>('/src/**/*.{vue,ts}', { eager: true, query: '?raw', import: 'default' });
const folders = new Set(Object.keys(import.meta.glob('/src/*/en.json')).map((path) => path.split('/')[2] ?? ''));

/** `./x`, said in `from`, as one of `sources`. */
function named(from: string, path: string): string | undefined {
  const full = new URL(path, `file://${from}`).pathname;
  return [full, `${full}.ts`, `${full}/index.ts`].find((one) => one in sources);
}

/** Whose words a module and all it brings say. What it brings with `lazyPart(words, …)` brings its own. */
function said(path: string, seen = new Set<string>(), found = new Set<string>()): Set<string> {
  if (seen.has(path)) return found;
  seen.add(path);
  const text = (sources[path] ?? '').replace(/lazyPart\(\[[^)]*?\], \(\) => import\('[^']+'\)\)/g, '');
  for (const [, folder] of text.matchAll(/(?:['`]|\s(?!v-)[a-z-]+=")([a-z]+)\.[a-z_$]/g)) if (folders.has(folder ?? '')) found.add(folder ?? '');
  for (const [, brought] of text.matchAll(/(?:^import (?!type ).*?from |import\()'(\.[^']+)'/gm)) {
    const module = named(path, brought ?? '');
    // Routes bring the pages with words of their own.
    if (module !== undefined && !/\/(router|routes)\.ts$/.test(module)) said(module, seen, found);
  }
  return found;
}

it('pages are opened with all the words they say', () => {
  for (const [path, text] of Object.entries(sources)) {
    if (!path.endsWith('/routes.ts')) continue;
    const folder = path.split('/')[2] ?? '';
    // The bar says the names of pages that were never opened.
    for (const [, title] of text.matchAll(/title: '([^']*)'/g)) expect(title, path).toMatch(/^app\./);
    const lazy = new Map([...text.matchAll(/const (\w+) = \(\) => import\('(\.[^']+)'\)/g)].map(([, name, page]) => [name, page]));
    for (const [, inline, name, meta] of text.matchAll(/component: (?:\(\) => import\('([^']+)'\)|(\w+)),\s*meta: \{([^}]*)\}/g)) {
      const page = named(path, inline ?? lazy.get(name) ?? '');
      expect(page, `${path}: ${inline ?? name}`).toBeDefined();
      const more = [...(/words: \[([^\]]*)\]/.exec(meta ?? '')?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, word]) => word);
      const known = ['app', folder, ...(meta?.includes('roles:') ? ['tickets'] : []), ...more];
      for (const one of said(page ?? '')) expect(known, `words of ${one} are said by ${page}`).toContain(one);
    }
  }
});

it('parts of other features are loaded with all the words they say', () => {
  let parts = 0;
  for (const [path, text] of Object.entries(sources)) {
    for (const [, list, target] of text.matchAll(/lazyPart\(\[([^)]*?)\], \(\) => import\('([^']+)'\)\)/g)) {
      parts += 1;
      // Whoever sees a part has signed in; the shell brings its parts to pages that say nothing else.
      const known = ['app', ...(path.startsWith('/src/app/') ? [] : ['tickets']), ...[...(list ?? '').matchAll(/'(\w+)'/g)].map(([, word]) => word)];
      for (const one of said(named(path, target ?? '') ?? '')) expect(known, `words of ${one} are said by ${target}`).toContain(one);
    }
  }
  expect(parts).toBeGreaterThan(3);
});
