// What a number is known for: an agent proposes to flag it, a supervisor grants that, the next call shows why it waited; a language
// seat is one choice away; and the day's demands in figures.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { axeFaults, logIn, openBrowser, picture, waitForState } from './support/browser.js';
import { startHotline } from './support/hotline.js';
import { SipPhone } from './support/sip_phone.js';
import { tone } from './support/sound.js';

const CITIZEN = '13851234567';

describe('a number that is known', { timeout: 240_000 }, () => {
  let hotline, citizen, agent, supervisor, page, floor;

  before(async () => {
    hotline = await startHotline();
    [agent, supervisor] = await Promise.all([openBrowser(), openBrowser()]);
    citizen = await new SipPhone({ user: CITIZEN, server: hotline.sip }).start();
    citizen.say(tone(600, 1));
    page = await logIn(agent.context, hotline.http, 'agent1000', '/desk');
    await waitForState(page, 'ready');
  });

  after(async () => {
    citizen?.stop();
    await Promise.all([agent?.close(), supervisor?.close()]);
    await hotline?.stop();
  });

  async function answers() {
    const calling = citizen.call('12345');
    await page.locator('[data-testid="answer"]').waitFor();
    await page.keyboard.press('Alt+1');
    await calling;
    await waitForState(page, 'talking');
  }

  it('is proposed by the agent who was called', async () => {
    await answers();
    await page.getByRole('button', { name: '提请列为重点号码' }).click();
    await page.getByLabel('理由（须已请其补充具体情况）').fill('三次来电辱骂坐席');
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: '提交主管审批' }).click();
    await page.getByText('已提交主管审批').waitFor();
  });

  it('is granted by a supervisor, for a time', async () => {
    floor = await logIn(supervisor.context, hotline.http, 'supervisor', '/flagged');
    await floor.getByRole('heading', { name: /13851234567/ }).waitFor();
    assert.deepEqual(await axeFaults(floor), []);
    await floor.getByRole('button', { name: '批准', exact: true }).click();
    await picture(floor, 'flagged');
    assert.deepEqual(await axeFaults(floor), []);
    await floor.locator('form button[type="submit"]').click();
    await floor.getByText('已批准').waitFor();
    await floor.getByRole('button', { name: '生效中' }).click();
    await floor.getByRole('heading', { name: /生效中/ }).waitFor();
  });

  it('is marked at its next call, which a person answers, and its citizen is given to a language seat', async () => {
    await citizen.hangUp();
    await waitForState(page, 'wrap_up');
    await page.keyboard.press('Alt+R');
    await waitForState(page, 'ready');
    await answers();
    const mark = page.locator('[data-testid="flag"]');
    await mark.waitFor();
    assert.match(await mark.textContent(), /三次来电辱骂坐席/);
    const seats = page.locator('[data-testid="languages"]');
    await picture(page, 'desk-known');
    assert.deepEqual(await axeFaults(page), []);
    await seats.getByRole('button', { name: '英语 English' }).click();
    await waitForState(page, 'wrap_up');
  });

  it('is counted with the day’s demands', async () => {
    await floor.goto(`${hotline.http}/statistics`);
    await floor.getByRole('heading', { name: '诉求统计' }).waitFor();
    assert.deepEqual(await axeFaults(floor), []);
    await picture(floor, 'statistics');
    await floor.getByRole('button', { name: '随机抽取' }).click();
    await floor.getByText('该时段没有此类不予受理').waitFor();
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual([...agent.faults, ...supervisor.faults], []);
  });
});
