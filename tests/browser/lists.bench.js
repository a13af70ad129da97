// How soon lists of 100,000 tickets are on the screen, from the click or the navigation to their rows, in Chromium:
// `node tests/browser/lists.bench.js postgres://… [N]` with an empty database and `psql` on the PATH. One real ticket of each stage is
// made through the API and multiplied by SQL, with the rows of its lists. It is no part of the tests: it asserts nothing.
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';

import { logIn, openBrowser, picture } from './support/browser.js';
import { startHotline } from './support/hotline.js';
import { UNIT, deskOf } from './support/tickets.js';

const [url, n = '100000'] = process.argv.slice(2);
const OPENINGS = 20;
/** What stands behind a ticket, and how many in a hundred are there. Nearly all are open: the worst for counters. */
const STAGES = [
  { steps: [], share: 5 },
  { steps: ['dispatch'], share: 20 },
  { steps: ['dispatch', 'acknowledge'], share: 45 },
  { steps: ['dispatch', 'acknowledge', 'reply'], share: 10 },
  { steps: ['dispatch', 'acknowledge', 'reply', 'review'], share: 20 },
];

const say = (line) => process.stdout.write(`${line}\n`);

const hotline = await startHotline({ settings: { HOTLINE__STORAGE__URL: url } });
const browser = await openBrowser();
try {
  const desk = deskOf(hotline.http);
  const began = performance.now();
  const real = [];
  for (const { steps, share } of STAGES) real.push({ share, ...(await desk.ticket({ title: `路灯不亮${steps.length}` }, ...steps)) });
  for (const { id, share } of real) multiply(id, Math.round((Number(n) * share) / 100));
  execFileSync('psql', ['-q', url, '-c', 'ANALYZE']);
  say(`${n} tickets after ${((performance.now() - began) / 1000).toFixed(0)} s`);

  await measureAll();
} finally {
  await browser.close();
  await hotline.stop();
}

/** The ticket again and again, over a year, with every row that its lists are made of. */
function multiply(id, copies) {
  const same = (table, rest) =>
    `INSERT INTO ${table} SELECT (jsonb_populate_record(one, jsonb_build_object(${rest}))).* FROM made, ${table} one WHERE one.ticket_id = '${id}';`;
  const sql = `SET synchronous_commit = off; BEGIN;
    CREATE TEMP TABLE made ON COMMIT DROP AS SELECT g, left('${id}', 24) || lpad(to_hex(g), 12, '0') AS id,
      (SELECT opened_at FROM ticket WHERE id = '${id}') - g * 31536000000 / ${copies} AS at FROM generate_series(1::bigint, ${copies}::bigint) g;
    INSERT INTO ticket SELECT (jsonb_populate_record(one, jsonb_build_object('id', made.id, 'number', left(one.number, 8) || '-' || substr('${id}', 15, 9) || '-' || made.g, 'opened_at', made.at))).*
      FROM made, ticket one WHERE one.id = '${id}';
    ${same('ticket_unit', "'ticket_id', made.id")}
    ${['ticket_todo', 'ticket_person', 'ticket_word'].map((table) => same(table, "'ticket_id', made.id, 'listed_at', made.at")).join('\n')}
    COMMIT;`;
  execFileSync('psql', ['-q', '-v', 'ON_ERROR_STOP=1', url], { input: sql });
}

async function measureAll() {
  const agent = await seat('agent1000');
  await openings('agent: the page opened by its address', agent, () => agent.goto(`${hotline.http}/tickets`), null);
  await openings('agent: all tickets, by the link in the top bar', agent, () => agent.locator('nav a[href="/tickets"]').click(), '/desk');
  await openings('agent: handling only (filter)', agent, () => agent.evaluate(goTo, '/tickets?stage=handling'), '/tickets');
  await openings('agent: of one unit (filter)', agent, () => agent.evaluate(goTo, `/tickets?unit=${UNIT}`), '/tickets');
  await openings('agent: words of the title', agent, () => agent.evaluate(goTo, '/tickets?q=%E4%B8%8D%E4%BA%AE'), '/tickets');
  const unit = await seat('unit_handler');
  await openings('unit: the page opened by its address', unit, () => unit.goto(`${hotline.http}/unit`), null);
  await openings('unit: to handle', unit, () => unit.locator('.tabs button').nth(1).click(), '/unit');
  await openings('unit: all of its own', unit, () => unit.locator('.tabs button').last().click(), '/unit');
  const supervisor = await seat('supervisor');
  await openings('supervisor: the page opened by its address', supervisor, () => supervisor.goto(`${hotline.http}/tickets`), null);
  await openings('supervisor: the first list', supervisor, () => supervisor.locator('.tabs button').first().click(), '/tickets');
  await openings('supervisor: to review (desk)', supervisor, () => supervisor.evaluate(goTo, '/tickets?view=review'), '/tickets');
  await picture(supervisor, 'list-of-100000');
}

async function seat(username) {
  const context = await browser.anotherSeat();
  await context.addInitScript(watchRows);
  return logIn(context, hotline.http, username);
}

/** Opens a list `OPENINGS` times, each from the page `from`, and tells how long it took until its rows stood there. */
async function openings(name, page, open, from) {
  const took = [];
  let total = 0;
  if (from !== null) await page.goto(hotline.http + from);
  for (let time = 0; time < OPENINGS; time++) {
    if (from !== null) {
      await page.evaluate(goTo, from);
      // What the page before still reads is over.
      await page.waitForTimeout(400);
      await page.evaluate(() => window.awaitRows());
    }
    await open();
    const { ms, rows } = await page.evaluate(() => window.rows_there);
    took.push(ms);
    total = rows;
  }
  took.sort((a, b) => a - b);
  const at = (share) => Math.round(took[Math.min(took.length - 1, Math.floor(share * took.length))]);
  say(`${name}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms (${total} rows)`);
}

/** In the page: another address as its own links would go there. */
function goTo(path) {
  window.rows_began = performance.now();
  history.pushState({}, '', path);
  dispatchEvent(new PopStateEvent('popstate', { state: {} }));
}

/**
 * In the page, before its scripts: `rows_there` is how long it took from the navigation, the click or `goTo` until the list was
 * read and its rows had been drawn.
 */
function watchRows() {
  window.rows_began = 0;
  const promise = () =>
    (window.rows_there = new Promise((done) => {
      const seen = new PerformanceObserver((entries) => {
        const list = entries.getEntries().find(({ name, startTime }) => /\/api\/v1\/tickets\?/.test(name) && startTime >= window.rows_began);
        if (list === undefined) return;
        seen.disconnect();
        const look = () => {
          const drawn = document.querySelectorAll('[role="rowgroup"] [role="row"]').length;
          const state = document.querySelector('[role="table"] ~ .state');
          if (drawn === 0 && state === null) return requestAnimationFrame(look);
          // After the frame in which they stand.
          requestAnimationFrame(() => setTimeout(() => done({ ms: performance.now() - window.rows_began, rows: Number(document.querySelector('[role="table"]').ariaRowCount) - 1 })));
        };
        requestAnimationFrame(look);
      });
      seen.observe({ type: 'resource', buffered: true });
    }));
  promise();
  window.awaitRows = () => {
    window.rows_began = performance.now();
    promise();
    addEventListener('click', () => (window.rows_began = performance.now()), { once: true, capture: true });
  };
}
