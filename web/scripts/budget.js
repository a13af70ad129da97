// What each desk costs to open for the first time: every script and style its page needs, as gzip. Needs a build.
import { readFileSync } from 'node:fs';

const KIB = 1024;
const BUILT = 'dist/pages';
const manifest = JSON.parse(readFileSync(`${BUILT}/.vite/manifest.json`, 'utf8'));

/** Pages by their entry modules, and what they may weigh. A page that is not built yet is passed over. */
const budgets = [
  { name: 'login', modules: ['src/app/LoginPage.vue'], max: 200 * KIB },
  { name: 'desk', modules: ['src/desk/DeskPage.vue', 'src/phone/index.ts'], words: ['desk', 'tickets', 'clusters', 'flagged', 'phone'], max: 350 * KIB },
  { name: 'wallboard', modules: ['src/supervisor/WallboardPage.vue', 'src/phone/index.ts'], words: ['supervisor', 'tickets', 'phone'], max: 550 * KIB },
  { name: 'portal', modules: ['src/unit/UnitPage.vue'], words: ['unit', 'tickets'], max: 200 * KIB },
  { name: 'citizen', modules: ['src/citizen/CallPage.vue'], words: ['citizen', 'phone'], max: 200 * KIB },
  { name: 'query', modules: ['src/citizen/QueryPage.vue'], words: ['citizen', 'tickets'], max: 200 * KIB },
  { name: 'oversight', modules: ['src/oversight/OversightPage.vue'], words: ['oversight', 'tickets'], max: 200 * KIB },
];

/** Their Chinese words: each feature's lie in its folder. */
const words = (...folders) => folders.map((folder) => `src/${folder}/zh-CN.json`);

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
for (const { name, modules, words: said = [], max } of budgets) {
  if (manifest[modules[0]] === undefined) continue;
  const needed = new Set();
  for (const module of ['index.html', 'node_modules/element-plus/es/locale/lang/zh-cn.mjs', ...words('app', ...said), ...modules]) files(module, needed);
  const bytes = [...needed].reduce((sum, file) => sum + readFileSync(`${BUILT}/${file}.gz`).length, 0);
  const over = bytes > max;
  failed ||= over;
  console.log(`${name}: ${(bytes / KIB).toFixed(1)} of ${max / KIB} KiB gzip${over ? ': TOO LARGE' : ''}`);
}
process.exit(failed ? 1 : 0);
