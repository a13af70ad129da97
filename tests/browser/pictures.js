// Retakes the pictures of the README: `node tests/browser/pictures.js [story…]`. The stories take them as they go; here they are made
// small and put where the README looks. Needs what the stories need: a built server, its pages, Chromium.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT } from './support/hotline.js';
import { withPalette } from './support/png.js';

/** A picture of the README is a picture of a story. */
const PICTURES = {
  agent: { 'desk-consult': 'desk-consult', 'desk-three-way': 'desk-three-way' },
  days: { review: 'review-checks', revisit: 'revisit', 'unit-refused': 'unit-send-back-refused' },
  desk: { specialist: 'specialist-seat' },
  floor: { replay: 'replay' },
  guest: { 'citizen-call': 'citizen-call' },
  keeping: { accountability: 'accountability', attachments: 'attachments', conference: 'conference' },
  oversight: { 'citizen-query': 'citizen-query', duty: 'duty', oversight: 'oversight', rules: 'rules', 'same-events': 'same-events' },
  pages: {
    administration: 'page-administration',
    audit: 'page-audit',
    dispatch: 'page-dispatch',
    findings: 'page-findings',
    login: 'page-login',
    tickets: 'page-ticket-list',
    unit: 'page-unit-reply',
    wallboard: 'page-wallboard',
  },
  units: { duties: 'duties', 'five-steps': 'five-steps', notices: 'unit-notices' },
};
const LARGEST = 150 * 1024;

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PICTURES);
const folder = mkdtempSync(join(tmpdir(), 'hotline-pictures-'));
let failed = false;
for (const story of wanted) {
  const { status } = spawnSync(process.execPath, ['--test', join(ROOT, `tests/browser/${story}.test.js`)], { stdio: 'inherit', env: { ...process.env, HOTLINE_PICTURES: folder } });
  failed ||= status !== 0;
  for (const [name, taken] of Object.entries(PICTURES[story] ?? {})) {
    const from = join(folder, `${taken}.png`);
    if (!existsSync(from)) continue;
    const small = withPalette(readFileSync(from));
    writeFileSync(join(ROOT, `docs/screenshots/${name}.png`), small);
    console.log(`${name}: ${(small.length / 1024).toFixed(0)} KiB`);
    if (small.length > LARGEST) {
      console.error(`${name} is larger than ${LARGEST / 1024} KiB`);
      failed = true;
    }
  }
}
rmSync(folder, { recursive: true });
process.exit(failed ? 1 : 0);
