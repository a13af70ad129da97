// A browser that is killed in the middle of a call: what the agent had written is there when it is opened again.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';

import { logIn, openBrowserAt, waitForState } from './support/browser.js';
import { startHotline } from './support/hotline.js';
import { SipPhone } from './support/sip_phone.js';
import { until } from './support/until.js';

const profile = mkdtempSync(join(tmpdir(), 'hotline-profile-'));
let hotline, citizen, browser;

before(async () => {
  hotline = await startHotline();
  citizen = await new SipPhone({ user: '13851234567', server: hotline.sip }).start();
});

after(async () => {
  citizen?.stop();
  await browser?.close();
  await hotline?.stop();
  rmSync(profile, { recursive: true, force: true });
});

it('a draft that was saved outlives its browser', { timeout: 120_000 }, async () => {
  browser = await openBrowserAt(profile);
  let page = await logIn(browser.context, hotline.http, 'agent1000', '/desk');
  await waitForState(page, 'ready');
  const calling = citizen.call('12345');
  await page.locator('[data-testid="answer"]').waitFor();
  await page.keyboard.press('Alt+1');
  await calling;
  await waitForState(page, 'talking');
  await page.locator('#desk-name').fill('王女士');
  await page.locator('#desk-title').fill('小区门口路灯不亮');
  await page.locator('#desk-content').fill('中山路 12 号门前路灯连续三天不亮。');
  await page.locator('[data-testid="saved"]', { hasText: '已自动保存' }).waitFor();
  await until(() => page.evaluate(writtenToDisk, '连续三天不亮'), () => 'the draft is on the disk');
  await browser.die();
  await citizen.hangUp();

  browser = await openBrowserAt(profile);
  page = await browser.context.newPage();
  await page.goto(`${hotline.http}/desk`);
  // Whether the browser still knows the session is its own affair.
  await page.locator('#username, .desk').first().waitFor();
  if (await page.locator('#username').isVisible()) page = await logIn(browser.context, hotline.http, 'agent1000', '/desk');
  await page.locator('#desk-content').waitFor();
  const content = page.locator('#desk-content');
  await until(async () => (await content.inputValue()) === '中山路 12 号门前路灯连续三天不亮。', () => 'the draft is back');
  assert.equal(await page.locator('#desk-name').inputValue(), '王女士');
});

/** In the page: whether what the page keeps for the worst holds these words. */
async function writtenToDisk(words) {
  const answerOf = (asked) => new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  const database = await answerOf(indexedDB.open('hotline'));
  const drafts = await answerOf(database.transaction('drafts').objectStore('drafts').getAll());
  database.close();
  return drafts.some((draft) => draft.includes(words));
}
