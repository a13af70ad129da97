// What a unit reads of itself: notices until somebody receives them, its profile under article 7; and what the platform sees of
// that: who lacks what, as a file, and the five logged steps of a ticket.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { axeFaults, logIn, openBrowser, picture, seatOf } from './support/browser.js';
import { signIn, startHotline } from './support/hotline.js';
import { deskOf } from './support/tickets.js';

const PHONE_SIZE = { width: 390, height: 844 };

describe('units', { timeout: 240_000 }, () => {
  let hotline, browser, desk;
  const seats = new Map();

  before(async () => {
    hotline = await startHotline();
    browser = await openBrowser();
    desk = deskOf(hotline.http);
  });

  after(async () => {
    await browser?.close();
    await hotline?.stop();
  });

  const at = (username, path) => seatOf(seats, browser, hotline.http, username, path);

  it('a notice is received by somebody of the unit, and another of it sees by whom', async () => {
    const { number } = await desk.ticket({}, 'dispatch');
    await desk.ticket({ title: '井盖缺失' }, 'dispatch');
    const page = await at('unit_handler', '/unit');
    await page.getByRole('link', { name: /单位通知 2/ }).click();
    const notices = page.locator('[data-testid="notices"] li');
    await page.getByRole('button', { name: new RegExp(`签收 .*${number}`) }).waitFor();
    assert.equal(await notices.count(), 2);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'unit-notices');
    await page.getByRole('button', { name: new RegExp(`签收 .*${number}`) }).click();
    await page.getByText(number).waitFor({ state: 'detached' });
    assert.equal(await notices.count(), 1);

    const head = await at('unit_head', '/unit/notices?list=all');
    await head.getByRole('listitem').filter({ hasText: number }).getByText(/unit_handler 于 .* 签收/).waitFor();
    // From a notice to its ticket.
    await head.getByRole('link', { name: /000002/ }).click();
    await head.getByRole('heading', { name: '井盖缺失' }).waitFor();
  });

  it('what units lack is listed, looked into and taken as a file; a unit sees its own', async () => {
    const page = await at('supervisor', '/duties');
    const list = page.getByRole('list', { name: '单位履职' });
    await list.getByRole('button', { name: /南京水务集团/ }).click();
    const profile = page.getByRole('region', { name: '单位概况' });
    await profile.getByText('供水热线工单处理办法').waitFor();
    assert.match(await profile.textContent(), /审核岗\s*缺/);
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'duties');
    // The list is narrowed to one thing that lacks.
    await page.getByRole('button', { name: /^办理流程文件 \d+$/ }).click();
    await list.getByRole('button', { name: /南京水务集团/ }).waitFor({ state: 'detached' });

    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出缺项记录' }).click()]);
    const lines = readFileSync(await file.path(), 'utf8').split('\r\n');
    assert.equal(lines[0], '\uFEFF单位代码,单位,缺项,条款,起,止');
    const water = lines.filter((line) => line.startsWith('nj-sw,'));
    assert.equal(water.length, 1);
    assert.match(water[0], /^nj-sw,南京水务集团[^,]*,审核岗,28\(6\),\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,至今$/);

    const own = await at('unit_handler', '/duties');
    await own.getByText('城市管理诉求办理规程').waitFor();
    await own.getByRole('heading', { name: /齐备/ }).waitFor();
    assert.equal(await own.getByRole('list', { name: '单位履职' }).count(), 0);
    assert.deepEqual(await axeFaults(own), []);
  });

  it('a ticket shows its five steps, each with who took it and how long it lasted', async () => {
    const { id } = await desk.ticket({}, 'dispatch', 'acknowledge');
    const page = await at('supervisor', `/tickets/${id}`);
    const steps = page.locator('[data-testid="five-steps"]');
    await steps.getByRole('listitem').filter({ hasText: '登记' }).getByText('班长 周琳').waitFor();
    await steps.getByRole('listitem').filter({ hasText: '解答' }).getByText('进行中').waitFor();
    await steps.getByRole('listitem').filter({ hasText: '回访' }).getByText('尚未进行').waitFor();
    await desk.act('unit_handler', id, 'reply', { text: '经核查，城管局李强已更换接头并恢复照明。', no_contact_reason: '三方通话中已沟通。' });
    await desk.act('reviewer', id, 'review', { outcome: 'passed' });
    await page.reload();
    await steps.getByRole('listitem').filter({ hasText: '解答' }).getByText(/^至 /).waitFor();
    await steps.getByRole('listitem').filter({ hasText: '解答' }).getByText('李强').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await steps.scrollIntoViewIfNeeded();
    await picture(page, 'five-steps');
    const { missing } = await (await signIn(hotline.http, 'supervisor'))('GET', `/api/v1/tickets/${id}/steps`);
    assert.deepEqual(missing, []);
  });

  it('a unit works at phone width: a list of titles, each a way to its ticket, and nothing wider than the screen', async () => {
    const phone = await openBrowser({ size: PHONE_SIZE });
    const page = await logIn(phone.context, hotline.http, 'unit_handler', '/unit?view=acknowledge');
    for (const path of ['/unit?view=acknowledge', '/tickets', '/unit/notices', '/duties']) {
      await page.goto(hotline.http + path);
      await page.locator('.rows .row a, [data-testid="notices"] li, .facts').first().waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE_SIZE.width, path);
      assert.deepEqual(await axeFaults(page), [], path);
    }
    await page.goto(`${hotline.http}/unit?view=acknowledge`);
    const title = page.getByRole('cell', { name: '井盖缺失' });
    const box = await title.boundingBox();
    assert.ok(box.width > 80, `a title has ${box.width} px`);
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.getByRole('heading', { name: '井盖缺失' }).waitFor();
    await picture(page, 'phone-ticket');
    assert.deepEqual(phone.faults, []);
    await phone.close();
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual(browser.faults, []);
  });
});
