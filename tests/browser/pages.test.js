// Every page where somebody works, as axe-core sees it: nothing critical or serious by WCAG 2.1 AA, in both languages.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { axeFaults, logIn, openBrowser, picture } from './support/browser.js';
import { startHotline } from './support/hotline.js';
import { deskOf } from './support/tickets.js';

/** Who sees it, where, what must stand there, and what is done first. */
const PAGES = [
  { name: 'ticket-list', by: 'team_lead', path: '/tickets', there: '.rows .row a' },
  { name: 'ticket', by: 'agent1000', path: ({ closed }) => `/tickets/${closed}`, there: '.panel .head' },
  { name: 'unit-list', by: 'unit_handler', path: '/unit?view=handle', there: '.rows .row a' },
  { name: 'unit-reply', by: 'unit_handler', path: ({ handling }) => `/unit/${handling}?view=handle`, there: '.panel .actions button', first: openForm },
  { name: 'unit-notices', by: 'unit_handler', path: '/unit/notices', there: '[data-testid="notices"] li' },
  { name: 'unit-duties', by: 'unit_head', path: '/duties', there: '.facts' },
  { name: 'duties', by: 'supervisor', path: '/duties', there: '.facts' },
  { name: 'review', by: 'reviewer', path: ({ replied }) => `/review/${replied}?view=review`, there: 'form[aria-label]' },
  { name: 'dispatch', by: 'team_lead', path: ({ registered }) => `/dispatch/${registered}?view=dispatch`, there: 'form[aria-label]' },
  { name: 'revisit', by: 'revisitor', path: '/revisit', there: '.list' },
  { name: 'messages', by: 'revisitor', path: '/revisit/messages', there: '[data-testid="quarantine"]' },
  { name: 'wallboard', by: 'supervisor', path: '/supervisor', there: '.tile b' },
  { name: 'replay-list', by: 'supervisor', path: '/supervisor/recordings', there: 'table' },
  { name: 'oversight', by: 'supervisor', path: '/oversight', there: '.list' },
  { name: 'findings', by: 'supervisor', path: '/oversight/findings', there: 'h1' },
  { name: 'clusters', by: 'team_lead', path: '/clusters', there: 'h1' },
  { name: 'duty', by: 'team_lead', path: '/duty', there: 'h1' },
  { name: 'rules', by: 'supervisor', path: '/rules', there: 'h1' },
  { name: 'profiles', by: 'supervisor', path: '/rules?part=profiles', there: 'tbody tr' },
  { name: 'accountability', by: 'auditor', path: '/accountability', there: '.list' },
  { name: 'accountability-facts', by: 'auditor', path: '/accountability?part=facts', there: 'table' },
  { name: 'accountability-unmet', by: 'auditor', path: '/accountability?part=unmet', there: 'table' },
  { name: 'holds', by: 'auditor', path: '/archives', there: '.list' },
  { name: 'archives-taken', by: 'auditor', path: '/archives?part=taken', there: 'table' },
  { name: 'archives-make', by: 'supervisor', path: '/archives?part=make', there: 'form' },
  { name: 'conference', by: 'supervisor', path: '/conference', there: '.list' },
  { name: 'conference-members', by: 'leader', path: '/conference?list=members', there: 'tbody tr' },
  { name: 'specialist', by: 'specialist', path: '/specialist', there: 'h1' },
  { name: 'administration', by: 'admin', path: '/admin', there: 'li .link', first: showDifference },
  { name: 'audit', by: 'auditor', path: '/audit', there: 'tbody tr', first: verify },
  { name: 'citizen-query', path: '/query', there: 'form' },
  { name: 'login', path: '/login', there: '#username' },
  { name: 'citizen-call-idle', path: '/call', there: '[data-testid="dial"]' },
];

async function openForm(page) {
  await page.locator('.panel .actions .el-button--primary').first().click();
  await page.locator('.panel form').waitFor();
  // Sent empty: what is missing is said beside its field.
  await page.locator('.panel form button[type="submit"]').click();
}

async function showDifference(page) {
  await page.locator('.change textarea').fill('[[unit]]\ncode = "nj-sw"\nname = "南京水务集团"\nkind = "enterprise"\nparent = "nj"\n\n[[queue]]\nname = "english"\nring_timeout_s = 20\n');
  await page.getByRole('button', { name: '查看差异' }).click();
  await page.locator('.difference li').first().waitFor();
}

async function verify(page) {
  await page.getByRole('button', { name: '校验完整性' }).click();
  await page.locator('.verdict.good').waitFor();
}

describe('pages', { timeout: 480_000 }, () => {
  let hotline, browser;
  const tickets = {};
  const seats = new Map();

  before(async () => {
    hotline = await startHotline();
    browser = await openBrowser();
    const desk = deskOf(hotline.http);
    const made = async (demand = {}, ...behind) => (await desk.ticket(demand, ...behind)).id;
    // More than the pages need: a list of one kind of thing is nobody's day.
    await made({ title: '地铁口共享单车堆放占道', kind: 'complaint' }, 'dispatch');
    await made({ title: '公交站台雨棚破损' }, 'dispatch', 'acknowledge');
    await made({ title: '菜场周边占道经营', kind: 'complaint' }, 'dispatch', 'acknowledge', 'reply');
    await made({ title: '老旧小区加装电梯进度', kind: 'inquiry' });
    await made({ title: '夜间施工噪声扰民', kind: 'report' });
    await made({ title: '公园增设直饮水点', kind: 'suggestion' });
    tickets.registered = await made();
    tickets.handling = await made({}, 'dispatch', 'acknowledge');
    tickets.replied = await made({}, 'dispatch', 'acknowledge', 'reply');
    tickets.closed = await made({}, 'dispatch', 'acknowledge', 'reply', 'review');
  });

  after(async () => {
    await browser?.close();
    await hotline?.stop();
  });

  async function pageOf(by) {
    if (by === undefined) return (await browser.anotherSeat()).newPage();
    if (!seats.has(by)) seats.set(by, await logIn(await browser.anotherSeat(), hotline.http, by));
    return seats.get(by);
  }

  for (const { name, by, path, there, first } of PAGES) {
    it(name, async () => {
      const page = await pageOf(by);
      await page.goto(hotline.http + (typeof path === 'string' ? path : path(tickets)));
      await page.locator(there).first().waitFor();
      await first?.(page);
      const faults = await axeFaults(page);
      await picture(page, `page-${name}`);
      const other = page.locator('.switch').first();
      const languages = [await page.evaluate(() => document.documentElement.lang)];
      await other.click();
      await page.waitForFunction((was) => document.documentElement.lang !== was, languages[0]);
      // The colours are those of the other language.
      faults.push(...(await axeFaults(page, { colours: false })));
      await picture(page, `page-${name}-other`);
      await other.click();
      await page.waitForFunction((was) => document.documentElement.lang === was, languages[0]);
      assert.deepEqual(faults, []);
    });
  }

  it('ran without a fault in any page', () => {
    assert.deepEqual(browser.faults, []);
  });
});
