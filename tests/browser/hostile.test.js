// What people and machines do to forms: text that would be a program, text without end, two clicks for one, two people at once.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { logIn, openBrowser, picture, waitForState } from './support/browser.js';
import { PASSWORD, signIn, startHotline } from './support/hotline.js';
import { SipPhone } from './support/sip_phone.js';
import { deskOf } from './support/tickets.js';
import { until } from './support/until.js';

const CITIZEN = '13851234567';
const HOSTILE = {
  markup: '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">',
  template: '{{ constructor.constructor("window.hacked = 1")() }} ${1} @:tickets.title | a',
  // Written from right to left from here on (U+202E), never ended, with an emoji of several code points.
  turned: '路灯\u202Egnp.exe 👩‍👩‍👧‍👦',
};
const ENDLESS = '长'.repeat(100_000);

describe('hostile input', { timeout: 480_000 }, () => {
  let hotline, browser, desk, citizen, agent;

  before(async () => {
    hotline = await startHotline();
    browser = await openBrowser();
    desk = deskOf(hotline.http);
    citizen = await new SipPhone({ user: CITIZEN, server: hotline.sip }).start();
    agent = await logIn(browser.context, hotline.http, 'agent1000', '/desk');
    await waitForState(agent, 'ready');
  });

  after(async () => {
    citizen?.stop();
    await browser?.close();
    await hotline?.stop();
  });

  const sitDown = async (username, path) => logIn(await browser.anotherSeat(), hotline.http, username, path);
  const hacked = (page) => page.evaluate(() => 'hacked' in window);
  const events = async (id) => (await (await signIn(hotline.http, 'team_lead'))('GET', `/api/v1/tickets/${id}/events`)).items.map(({ name }) => name);
  const times = (names, name) => names.filter((one) => one === name).length;

  /** The citizen calls, is answered, and hangs up: the desk has a ticket to fill. */
  async function call() {
    const calling = citizen.call('12345');
    await agent.locator('[data-testid="answer"]').waitFor();
    await agent.keyboard.press('Alt+1');
    await calling;
    await waitForState(agent, 'talking');
    await citizen.hangUp();
    await waitForState(agent, 'wrap_up');
  }

  async function chooseLead() {
    await agent.locator('#desk-lead').click();
    await agent.keyboard.type('csgl');
    await agent.getByRole('option', { name: '南京市城市管理局' }).click();
  }

  it('the desk takes what is too long whole, is refused with the limit, and loses nothing of it', async () => {
    await call();
    await agent.locator('#desk-name').fill(HOSTILE.markup);
    await agent.locator('#desk-title').fill(`${HOSTILE.turned}${HOSTILE.template}`);
    await agent.locator('#desk-address').fill(HOSTILE.turned);
    await agent.locator('#desk-basis').fill(HOSTILE.template);
    await agent.locator('#desk-content').fill(ENDLESS);
    await chooseLead();
    await agent.keyboard.press('Alt+Enter');
    await agent.getByText(/诉求内容过长, 最多10000字/).first().waitFor();
    assert.equal((await agent.locator('#desk-content').inputValue()).length, ENDLESS.length);
    await agent.reload();
    await agent.locator('#desk-content').waitFor();
    assert.equal((await agent.locator('#desk-content').inputValue()).length, ENDLESS.length, 'kept through a reload');
  });

  it('hostile text is text: at the desk, in lists, on the ticket, in its record', async () => {
    await agent.locator('#desk-content').fill(`${HOSTILE.markup}\n${HOSTILE.template}\n${HOSTILE.turned}`);
    // Two clicks where one was meant.
    await agent.getByRole('button', { name: /提交并下一个/ }).dblclick();
    await agent.locator('[data-testid="idle"]').waitFor();
    const lead = await signIn(hotline.http, 'team_lead');
    const { items } = await lead('GET', `/api/v1/tickets?phone=${CITIZEN}`);
    assert.equal(items.length, 1);
    const [{ id }] = items;
    const names = await events(id);
    assert.deepEqual([times(names, 'registered'), times(names, 'dispatched')], [1, 1], JSON.stringify(names));

    const unit = await sitDown('unit_handler', `/unit/${id}?view=acknowledge`);
    const shown = async (text) => until(async () => (await unit.locator('body').innerText()).includes(text), () => text);
    await shown(HOSTILE.markup);
    await shown(HOSTILE.template);
    await shown(HOSTILE.turned);
    assert.equal(await hacked(unit), false);
    assert.equal(await hacked(agent), false);
    // Nobody's text turns what stands beside it.
    assert.equal(await unit.locator('.facts bdi').first().evaluate((name) => getComputedStyle(name).unicodeBidi), 'isolate');
    await picture(unit, 'hostile-text');
    await unit.context().close();
  });

  it('every form of a unit says what is too long, keeps it, and does once what is sent twice', async () => {
    const { id } = await desk.ticket({}, 'dispatch', 'acknowledge');
    const unit = await sitDown('unit_handler', `/unit/${id}?view=handle`);
    const form = unit.locator('.panel form');
    for (const name of ['申请退回', '申请延时', '答复']) {
      await unit.getByRole('button', { name, exact: true }).click();
      await form.waitFor();
      const why = form.getByRole('radio', { name: '无需告知', exact: true });
      if (await why.count()) {
        await why.check({ force: true });
        await form.getByRole('textbox', { name: '无需告知的原因' }).fill(ENDLESS);
      }
      for (const field of await form.locator('textarea').all()) await field.fill(ENDLESS);
      await form.locator('button[type="submit"]').click();
      await form.getByRole('alert').getByText(/过长, 最多10000字/).waitFor();
      assert.equal((await form.locator('textarea').first().inputValue()).length, ENDLESS.length);
      if (name !== '答复') await unit.getByRole('button', { name: '取消', exact: true }).click();
    }
    await form.locator('[data-field="text"] textarea').fill(`${HOSTILE.markup} ${HOSTILE.turned}`);
    await form.locator('[data-field="no_contact_reason"] textarea').fill(HOSTILE.template);
    await form.locator('button[type="submit"]').dblclick();
    await form.waitFor({ state: 'detached' });
    await unit.locator('.reply', { hasText: HOSTILE.markup }).waitFor();
    assert.equal(times(await events(id), 'replied'), 1);
    assert.equal(await hacked(unit), false);
    await unit.context().close();
  });

  it('more than the server reads at all is refused in words', async () => {
    const { id } = await desk.ticket({}, 'dispatch', 'acknowledge');
    const unit = await sitDown('unit_handler', `/unit/${id}?view=handle`);
    await unit.getByRole('button', { name: '答复', exact: true }).click();
    await unit.locator('[data-field="text"] textarea').fill('长'.repeat(500_000));
    await unit.locator('.panel form button[type="submit"]').click();
    await unit.getByRole('alert').getByText(/提交的内容过长/).waitFor();
    await unit.context().close();
  });

  it('of two reviewers at one ticket the second is told that it moved on, and why nothing more is done', async () => {
    const admin = await signIn(hotline.http, 'admin');
    const toml = `[[user]]\nusername = "reviewer2"\ndisplay_name = "审核员 沈青"\nrole = "reviewer"\nunit = "js-12345"\npassword = "${PASSWORD}"\n`;
    await admin('POST', '/api/v1/organisation/apply', { toml });
    const { id } = await desk.ticket({}, 'dispatch', 'acknowledge', 'reply');
    const path = `/review/${id}?view=review`;
    const [first, second] = await Promise.all([sitDown('reviewer', path), sitDown('reviewer2', path)]);
    for (const page of [first, second]) {
      await page.locator('.panel form').waitFor();
      await page.getByRole('radio', { name: '通过', exact: true }).check({ force: true });
    }
    await first.locator('.panel form button[type="submit"]').click();
    await first.locator('.panel form').waitFor({ state: 'detached' });
    // Told before trying, and again when trying all the same.
    await second.locator('.panel .notice').waitFor();
    await second.locator('.panel form button[type="submit"]').click();
    await second.getByRole('alert').getByText(/第11条/).waitFor();
    assert.match(await second.getByRole('alert').textContent(), /已办结/);
    await picture(second, 'review-too-late');
    assert.equal(times(await events(id), 'reviewed'), 1);
    await second.locator('.panel .notice').getByRole('button').click();
    await second.locator('.panel .head').getByText('已办结').first().waitFor();
    await Promise.all([first, second].map((page) => page.context().close()));
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual(browser.faults, []);
  });
});
