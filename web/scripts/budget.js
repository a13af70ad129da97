// What each desk costs to open for the first time: every script and style its page needs, as gzip. Needs a build.
import { readFileSync } from 'node:fs';

const KIB = 1024;
const BUILT = 'dist/pages';
const manifest = JSON.parse(readFileSync(`${BUILT}/.vite/manifest.json`, 'utf8'));

/** Pages by their entry modules, and what they may weigh. A page that is not built yet is passed over. */
const budgets = [
  { name: 'login', modules: ['src/app/LoginPage.vue'], max: 200 * KIB },
  { name: 'desk', modules: ['src/desk/DeskPage.vue', 'src/phone/index.ts'], max: 350 * KIB },
  { name: 'wallboard', modules: ['src/supervisor/WallboardPage.vue', 'src/phone/index.ts'], max: 550 * KIB },
  { name: 'portal', modules: ['src/unit/UnitPage.vue'], max: 200 * KIB },
  { name: 'citizen', modules: ['src/citizen/CallPage.vue'], max: 200 * KIB },
  { name: 'query', modules: ['src/citizen/QueryPage.vue'], max: 200 * KIB },
  { name: 'oversight', modules: ['src/oversight/OversightPage.vue'], max: 200 * KIB },
];

/** The files that `module` and all it imports at once stand in. */
function files(module, found = new Set()) {
  const chunk = manifest[module];
  if (chunk === undefined || found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const style of chunk.css ?? []) found.add(style);
  for (const imported of chunk.imports ?? []) files(imported, found);
  return found;
}

let failed = false;
for (const { name, modules, max } of budgets) {
  if (manifest[modules[0]] === undefined) continue;
  const needed = new Set();
  for (const module of ['index.html', 'src/app/locales/zh-CN.ts', ...modules]) files(module, needed);
  const bytes = [...needed].reduce((sum, file) => sum + readFileSync(`${BUILT}/${file}.gz`).length, 0);
  const over = bytes > max;
  failed ||= over;
  console.log(`${name}: ${(bytes / KIB).toFixed(1)} of ${max / KIB} KiB gzip${over ? ': TOO LARGE' : ''}`);
}
process.exit(failed ? 1 : 0);
