// A citizen who has no telephone at hand: from the page's one button to an agent's ear, browser to browser.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { HEARD_DB, axeFaults, hears, logIn, openBrowser, picture, waitForState } from './support/browser.js';
import { startHotline } from './support/hotline.js';
import { until } from './support/until.js';

const CITIZEN_HZ = 600;
const AGENT_HZ = 1000;
const PHONE_SIZE = { width: 390, height: 844 };

describe('a citizen in a browser', { timeout: 120_000 }, () => {
  let hotline, agent, citizen, agent_page, citizen_page;

  before(async () => {
    hotline = await startHotline();
    [agent, citizen] = await Promise.all([openBrowser({ hz: AGENT_HZ }), openBrowser({ hz: CITIZEN_HZ, size: PHONE_SIZE })]);
  });

  after(async () => {
    await Promise.all([agent?.close(), citizen?.close()]);
    await hotline?.stop();
  });

  it('calls with one button, and is answered', async () => {
    agent_page = await logIn(agent.context, hotline.http, 'agent1000', '/desk');
    await waitForState(agent_page, 'ready');
    citizen_page = await citizen.context.newPage();
    await citizen_page.goto(`${hotline.http}/call`);
    await citizen_page.locator('[data-testid="dial"]').click();
    await agent_page.locator('[data-testid="answer"]').waitFor();
    await agent_page.keyboard.press('Alt+1');
    await waitForState(agent_page, 'talking');
  });

  it('hears the agent and is heard', async () => {
    const heard = (page, hz) => async () => (await hears(page, [hz], 300))[hz] > HEARD_DB;
    await until(heard(agent_page, CITIZEN_HZ), () => 'the agent hears the citizen');
    await until(heard(citizen_page, AGENT_HZ), () => 'the citizen hears the agent');
    assert.deepEqual(await axeFaults(citizen_page), []);
    await picture(citizen_page, 'citizen-call');
  });

  it('hangs up, which ends the call at the desk', async () => {
    await citizen_page.locator('[data-testid="hang-up"]').click();
    await citizen_page.locator('[data-testid="dial"]').waitFor();
    await waitForState(agent_page, 'wrap_up');
  });

  it('ran without a fault in either page', () => {
    assert.deepEqual([...agent.faults, ...citizen.faults], []);
  });
});
