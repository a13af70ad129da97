// Several people in browsers at once: a supervisor who listens, agents who speak with each other, wires that break, tabs that
// are closed.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { HEARD_DB, SILENT_DB, hears, logIn, openBrowser, picture, waitForState } from './support/browser.js';
import { signIn, startHotline } from './support/hotline.js';
import { SipPhone } from './support/sip_phone.js';
import { hearsOnly, hearsSome } from './support/hearing.js';
import { shareOf, tone } from './support/sound.js';
import { until } from './support/until.js';
import { layWire } from './support/wire.js';

const CITIZEN_HZ = 600;
const AGENT_HZ = 1000;
const SUPERVISOR_HZ = 1500;
const OTHER_HZ = 2000;
/** A prompt at a telephone, in dB; silence is far below. */
const AUDIBLE_DB = -40;

describe('the floor', { timeout: 480_000 }, () => {
  let hotline, wire, citizen;
  let agent, supervisor, other;
  let agent_page, supervisor_page, other_page;

  before(async () => {
    hotline = await startHotline();
    wire = await layWire(hotline.http);
    [agent, supervisor, other] = await Promise.all([
      openBrowser({ hz: AGENT_HZ }),
      openBrowser({ hz: SUPERVISOR_HZ }),
      openBrowser({ hz: OTHER_HZ }),
    ]);
    citizen = await new SipPhone({ user: '13851234567', server: hotline.sip }).start();
    citizen.say(tone(CITIZEN_HZ, 1));
  });

  after(async () => {
    citizen?.stop();
    await Promise.all([agent?.close(), supervisor?.close(), other?.close()]);
    wire?.close();
    await hotline?.stop();
  });

  it('has a call', async () => {
    agent_page = await logIn(agent.context, wire.http, 'agent1000', '/desk');
    await waitForState(agent_page, 'ready');
    const calling = citizen.call('12345');
    await agent_page.locator('[data-testid="answer"]').waitFor();
    await agent_page.keyboard.press('Alt+1');
    await calling;
    await waitForState(agent_page, 'talking');
  });

  it('a second tab shows the call and works it, without a phone of its own', async () => {
    const second = await agent.context.newPage();
    await second.goto(`${wire.http}/desk`);
    const mute = second.getByRole('button', { name: /静音/ });
    await mute.waitFor();
    await second.keyboard.press('Alt+4');
    await agent_page.getByRole('button', { name: /取消静音/ }).waitFor();
    await citizen.listen(300);
    await citizen.listen(800);
    assert.ok(shareOf(AGENT_HZ, citizen.heard.flat()) < 0.2, 'muted from the other tab');
    await second.keyboard.press('Alt+4');
    await agent_page.getByRole('button', { name: /^静音/ }).waitFor();
    await second.close();
    await hearsOnly(citizen, AGENT_HZ);
  });

  it('a supervisor listens unheard, whispers to the agent alone, and barges in', async () => {
    supervisor_page = await logIn(supervisor.context, hotline.http, 'supervisor', '/desk');
    const api = await signIn(hotline.http, 'supervisor');
    const live = async () => (await api('GET', '/api/v1/calls?limit=1')).items[0];
    const { id } = await live();
    const command = (name) => api('POST', `/api/v1/calls/${id}/commands/${name}`, {});
    await until(async () => command('monitor').then(() => true, () => false), () => 'the supervisor has a phone');
    await supervisor_page.locator('[data-testid="answer"]').waitFor();
    await supervisor_page.keyboard.press('Alt+1');
    await supervisor_page.locator('[data-testid="hang-up"]').waitFor();
    await until(async () => (await hears(supervisor_page, [CITIZEN_HZ], 300))[CITIZEN_HZ] > HEARD_DB, () => 'the supervisor hears');
    const both = await hears(supervisor_page, [CITIZEN_HZ, AGENT_HZ]);
    assert.ok(both[CITIZEN_HZ] > HEARD_DB && both[AGENT_HZ] > HEARD_DB, JSON.stringify(both));
    await citizen.listen(1000);
    assert.ok(shareOf(SUPERVISOR_HZ, citizen.heard.flat()) < 0.02, 'the citizen does not hear the supervisor');
    assert.ok((await hears(agent_page, [SUPERVISOR_HZ]))[SUPERVISOR_HZ] < SILENT_DB, 'nor does the agent');

    await command('whisper');
    await until(async () => (await hears(agent_page, [SUPERVISOR_HZ], 300))[SUPERVISOR_HZ] > HEARD_DB, () => 'the agent hears the whisper');
    await citizen.listen(1500);
    assert.ok(shareOf(SUPERVISOR_HZ, citizen.heard.flat()) < 0.02, 'the citizen must not hear the whisper');
    await picture(agent_page, 'desk-whisper');

    await command('barge');
    await hearsSome(citizen, SUPERVISOR_HZ);
    await supervisor_page.keyboard.press('Alt+2');
    await until(async () => (await supervisor_page.locator('[data-testid="call-bar"]').count()) === 0, () => 'the supervisor left');
    assert.ok(citizen.inCall);
  });

  it('one browser consults another', async () => {
    other_page = await logIn(other.context, hotline.http, 'agent1001', '/desk');
    await waitForState(other_page, 'ready');
    await agent_page.keyboard.press('Alt+5');
    await agent_page.locator('#consult-number').fill('agent1001');
    await agent_page.keyboard.press('Enter');
    await other_page.locator('[data-testid="answer"]').waitFor();
    await other_page.keyboard.press('Alt+1');
    await until(async () => (await hears(other_page, [AGENT_HZ], 300))[AGENT_HZ] > HEARD_DB, () => 'the other agent hears');
    assert.ok((await hears(agent_page, [OTHER_HZ]))[OTHER_HZ] > HEARD_DB, 'and is heard');
    await other_page.keyboard.press('Alt+2');
    // Who asked is back with the citizen by itself.
    await agent_page.locator('.parties [data-role="specialist"]').waitFor({ state: 'detached' });
    await hearsOnly(citizen, AGENT_HZ);
  });

  it('a wire cut in mid-call costs no word, and the call is worked again when it is mended', async () => {
    wire.cut();
    await agent_page.getByText('正在重连').waitFor();
    await hearsOnly(citizen, AGENT_HZ);
    assert.ok((await hears(agent_page, [CITIZEN_HZ]))[CITIZEN_HZ] > HEARD_DB);
    wire.mend();
    await agent_page.getByText('正在重连').waitFor({ state: 'detached', timeout: 20_000 });
    assert.ok(citizen.inCall);
    await agent_page.keyboard.press('Alt+3');
    await agent_page.locator('button[aria-pressed="true"]', { hasText: 'Alt+3' }).waitFor();
    await agent_page.keyboard.press('Alt+3');
    await agent_page.locator('button[aria-pressed="false"]', { hasText: 'Alt+3' }).waitFor();
  });

  it('a tab closed in mid-call: the citizen is told, and the next agent rings', async () => {
    await other_page.keyboard.press('Alt+R');
    await waitForState(other_page, 'ready');
    const closed = performance.now();
    await agent_page.close({ runBeforeUnload: false });
    await until(
      async () => (await citizen.listen(200)) > AUDIBLE_DB && shareOf(AGENT_HZ, citizen.heard.flat()) < 0.1,
      () => 'the citizen is told',
    );
    const told = performance.now() - closed;
    assert.ok(told <= 3000, `the citizen was told after ${Math.round(told)} ms`);
    await other_page.locator('[data-testid="answer"]').waitFor({ timeout: 15_000 });
    const took = performance.now() - closed;
    assert.ok(took <= 10_000, `the next agent rang after ${Math.round(took)} ms`);
    assert.ok(citizen.inCall);
    await other_page.keyboard.press('Alt+1');
    await hearsOnly(citizen, OTHER_HZ);
  });

  it('a supervisor takes the call over: the agent is out of it, the citizen goes on with the supervisor alone', async () => {
    await supervisor_page.goto(`${hotline.http}/supervisor`);
    await supervisor_page.locator('.agents li.talking button').click();
    const deeds = supervisor_page.locator('.deeds');
    const wish = async (deed) => {
      await deeds.getByRole('button', { name: deed }).click();
      await supervisor_page.getByRole('dialog').getByRole('button', { name: deed }).click();
    };
    await wish('监听');
    await supervisor_page.locator('[data-testid="answer"]').waitFor();
    await supervisor_page.keyboard.press('Alt+1');
    await supervisor_page.locator('[data-testid="hang-up"]').waitFor();
    await wish('接管');
    await waitForState(other_page, 'wrap_up');
    await hearsOnly(citizen, SUPERVISOR_HZ);
    await until(async () => (await hears(supervisor_page, [CITIZEN_HZ], 300))[CITIZEN_HZ] > HEARD_DB, () => 'the supervisor hears the citizen');
    assert.equal(await other_page.locator('[data-testid="call-bar"]').count(), 0);
    await picture(supervisor_page, 'wallboard-take-over');
    await citizen.hangUp();
  });

  it('the recording is replayed: a click on its waveform seeks, it sounds from there, and the listening is written down', async () => {
    const page = supervisor_page;
    await page.goto(`${hotline.http}/supervisor/recordings`);
    await page.locator('.list tbody button').first().click();
    const player = page.locator('.player');
    const slider = player.getByRole('slider');
    await until(async () => Number(await slider.getAttribute('aria-valuemax')) > 10, () => 'the recording is there');
    const length_s = Number(await slider.getAttribute('aria-valuemax'));
    const { width, height } = await player.locator('canvas').boundingBox();
    await player.locator('canvas').click({ position: { x: width / 2, y: height / 4 } });
    const at_s = async () => Number(await slider.getAttribute('aria-valuenow'));
    assert.ok(Math.abs((await at_s()) - length_s / 2) <= 1, `${await at_s()} of ${length_s} s`);
    await player.getByRole('button', { name: '播放', exact: true }).click();
    await until(async () => (await at_s()) >= length_s / 2 + 1, () => 'it goes on from there');
    assert.ok((await at_s()) < length_s / 2 + 10, 'and not from somewhere else');
    const heard = await hears(page, [CITIZEN_HZ], 1000, '.player audio');
    assert.ok(heard[CITIZEN_HZ] > HEARD_DB, `the citizen at ${heard[CITIZEN_HZ]} dB`);
    await page.getByRole('region', { name: '调听记录' }).getByRole('button').click();
    await page.getByRole('region', { name: '调听记录' }).getByText('值班主任 吴敏').first().waitFor();
    await picture(page, 'replay');
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual([...agent.faults, ...supervisor.faults, ...other.faults], []);
  });
});
