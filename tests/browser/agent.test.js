// One agent in a browser, one citizen at a telephone: from logging in to the ticket.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { AGENT_HZ, HEARD_DB, ROOT, SILENT_DB, axeFaults, hears, logIn, openBrowser, picture, waitForState } from './support/browser.js';
import { signIn, startHotline } from './support/hotline.js';
import { SipPhone } from './support/sip_phone.js';
import { hearsOnly, hearsSome } from './support/hearing.js';
import { energyOf, readWav, shareOf, tone } from './support/sound.js';
import { until } from './support/until.js';

const CITIZEN_HZ = 600;
const SPECIALIST_HZ = 1500;
const CITIZEN = '13851234567';

describe('an agent and a citizen', { timeout: 180_000 }, () => {
  let hotline, agent, page, citizen, specialist, rescue;

  before(async () => {
    hotline = await startHotline();
    agent = await openBrowser();
    citizen = await new SipPhone({ user: CITIZEN, server: hotline.sip }).start();
    specialist = await new SipPhone({ user: '8800', server: hotline.sip, password: 'secret' }).start();
    rescue = await new SipPhone({ user: '120', server: hotline.sip }).start();
    citizen.say(tone(CITIZEN_HZ, 1));
    specialist.say(tone(SPECIALIST_HZ, 1));
  });

  after(async () => {
    citizen?.stop();
    specialist?.stop();
    rescue?.stop();
    await agent?.close();
    await hotline?.stop();
  });

  it('logs in and is ready', async () => {
    page = await logIn(agent.context, hotline.http, 'agent1000');
    await waitForState(page, 'ready');
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'desk-idle');
  });

  it('is shown who rings, and answers by keyboard', async () => {
    const calling = citizen.call('12345');
    await page.locator('[data-testid="answer"]').waitFor();
    await page.locator('[data-testid="caller"]', { hasText: CITIZEN }).waitFor();
    const announced = await page.locator('[aria-live="assertive"]').first().textContent();
    assert.match(announced, new RegExp(CITIZEN));
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'desk-ringing');
    await page.keyboard.press('Alt+1');
    await calling;
    await waitForState(page, 'talking');
  });

  it('may give the citizen to who speaks their language', async () => {
    const seats = page.locator('[data-testid="languages"]');
    await seats.getByRole('button', { name: '吴语' }).waitFor();
    assert.deepEqual(await seats.getByRole('button').allTextContents(), ['英语 English', '手语及其他', '吴语']);
  });

  it('hears the citizen and is heard', async () => {
    await citizen.listen(500);
    const inside = await hears(page, [CITIZEN_HZ, SPECIALIST_HZ]);
    assert.ok(inside[CITIZEN_HZ] > HEARD_DB, `the agent hears the citizen at ${inside[CITIZEN_HZ]} dB`);
    assert.ok(inside[SPECIALIST_HZ] < SILENT_DB, `and nobody else: ${inside[SPECIALIST_HZ]} dB`);
    const energy = await citizen.listen(1000);
    assert.ok(energy > -40, `the citizen hears ${energy} dB`);
    await hearsOnly(citizen, AGENT_HZ);
    await picture(page, 'desk-call');
    assert.deepEqual(await axeFaults(page), []);
  });

  it('is heard as speech, not only as tones', async () => {
    citizen.say(readWav(join(ROOT, 'deploy/prompts/closing.wav')));
    const before = await levelHeard(page);
    await citizen.listen(1500);
    const after = await levelHeard(page);
    assert.ok(after.energy > before.energy, `${before.energy} to ${after.energy}`);
    citizen.say(tone(CITIZEN_HZ, 1));
  });

  it('puts the citizen on hold, who hears music, and comes back', async () => {
    await page.keyboard.press('Alt+3');
    await page.locator('button[aria-pressed="true"]', { hasText: 'Alt+3' }).waitFor();
    await citizen.listen(400);
    const energy = await citizen.listen(1500);
    assert.ok(energy > -50, `music at ${energy} dB`);
    assert.ok(shareOf(AGENT_HZ, citizen.heard.flat()) < 0.1, 'the agent is not heard');
    await page.keyboard.press('Alt+3');
    await page.locator('button[aria-pressed="false"]', { hasText: 'Alt+3' }).waitFor();
    await hearsOnly(citizen, AGENT_HZ);
  });

  it('sends digits', async () => {
    await page.keyboard.press('Alt+6');
    await page.locator('[data-testid="keypad"]').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: '5', exact: true }).click();
    await page.getByRole('button', { name: '#', exact: true }).click();
    await until(() => citizen.digits === '5#', () => `digits: ${citizen.digits}`);
    await page.keyboard.press('Escape');
  });

  it('consults a specialist out of the citizen’s hearing, then joins all three', async () => {
    await specialist.register();
    await page.keyboard.press('Alt+5');
    const dialog = page.locator('[data-testid="consult"]');
    await dialog.waitFor();
    await dialog.getByRole('button', { name: /咨询 城管专席/ }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'desk-consult');
    const rings = new Promise((done) => specialist.once('ringing', done));
    await dialog.getByRole('button', { name: /咨询 城管专席/ }).click();
    await rings;
    specialist.answer();
    await page.getByRole('button', { name: '三方通话', exact: true }).waitFor();
    await hearsOnly(specialist, AGENT_HZ);
    await citizen.listen(1000);
    assert.ok(shareOf(SPECIALIST_HZ, citizen.heard.flat()) < 0.05, 'the citizen does not hear the specialist');

    await page.getByRole('button', { name: '三方通话', exact: true }).click();
    await page.locator('[data-testid="call-bar"] li[data-role="specialist"].main').waitFor();
    await hearsSome(citizen, SPECIALIST_HZ);
    await hearsSome(citizen, AGENT_HZ);
    await hearsSome(specialist, CITIZEN_HZ);
    const inside = await hears(page, [CITIZEN_HZ, SPECIALIST_HZ]);
    assert.ok(inside[CITIZEN_HZ] > HEARD_DB && inside[SPECIALIST_HZ] > HEARD_DB, JSON.stringify(inside));
    await picture(page, 'desk-three-way');
    assert.deepEqual(await axeFaults(page), []);
  });

  it('drops the specialist and keeps the citizen', async () => {
    const over = new Promise((done) => specialist.once('over', done));
    await page.getByRole('button', { name: /^断开 城管专席|^断开 8800|^断开/ }).last().click();
    await over;
    assert.ok(citizen.inCall);
    await hearsOnly(citizen, AGENT_HZ);
  });

  it('calls an ambulance with one key and one confirmation, and stays until it has answered', async () => {
    const api = await signIn(hotline.http, 'admin');
    const toml = ['[[trunk]]', 'name = "carrier"', 'allow = ["127.0.0.0/8"]', `outbound = "sip:${rescue.address}"`, 'emergency_caller = "asserted"'].join('\n');
    await api('POST', '/api/v1/organisation/apply', { toml });
    await page.locator('#desk-address').fill('南京市鼓楼区中山北路 1 号');
    await page.getByRole('button', { name: '快捷键一览' }).click();
    await page.locator('dl > div', { hasText: 'Alt+7' }).getByText('紧急转接', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dl > div', { hasText: 'Alt+7' }).waitFor({ state: 'hidden' });
    await page.keyboard.press('Alt+7');
    const dialog = page.locator('[data-testid="emergency-dialog"]');
    await dialog.waitFor();
    // The place is the one that stands in the form.
    assert.equal(await dialog.locator('#emergency-place').inputValue(), '南京市鼓楼区中山北路 1 号');
    const confirm = dialog.getByRole('button', { name: /^立即转接/ });
    assert.ok(await confirm.isDisabled());
    await dialog.getByRole('radio', { name: '120 急救' }).check();
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'desk-emergency');
    const rings = new Promise((done) => rescue.once('ringing', done));
    await page.keyboard.press('Enter');
    await rings;
    // Number and place stand there to be read out, and nobody may leave yet.
    const bar = page.locator('[data-testid="rescue"]');
    await bar.getByText(CITIZEN).waitFor();
    await bar.getByText('南京市鼓楼区中山北路 1 号').waitFor();
    await bar.getByText('呼叫中').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.keyboard.press('Alt+2');
    await page.getByText('紧急救助号码尚未接听').waitFor();
    assert.ok(citizen.inCall);
    assert.match(rescue.asserted, new RegExp(CITIZEN));

    rescue.answer();
    await bar.getByText('已接听，转接用时').waitFor();
    assert.match(await bar.textContent(), /\d:\d\d/);
    await hearsSome(rescue, CITIZEN_HZ);
    await page.getByRole('button', { name: /转交并离开/ }).waitFor();
    await picture(page, 'desk-rescue');
    const over = new Promise((done) => rescue.once('over', done));
    await rescue.hangUp();
    await over.catch(() => undefined);
    await bar.waitFor({ state: 'detached' });
    const { items } = await (await signIn(hotline.http, 'team_lead'))('GET', `/api/v1/tickets?phone=${CITIZEN}`);
    const [told] = items[0].ticket.intake.emergencies;
    assert.equal(told.service, '120');
    assert.ok(told.answered_after_ms > 0);
  });

  it('keeps what is written, and the call, through every page', async () => {
    await page.locator('#desk-name').fill('王女士');
    await page.locator('#desk-title').fill('小区门口占道经营');
    await page.locator('#desk-content').fill('每天傍晚六点到九点，小区东门人行道被烧烤摊占满，行人只能走机动车道。');
    await page.locator('#desk-address').fill('南京市鼓楼区中山北路');
    await page.locator('#desk-category').click();
    await page.keyboard.type('zdjy');
    await page.getByRole('option', { name: /占道经营/ }).first().click();
    // Another page and back, as a link would do it: the call stands above the pages.
    await page.evaluate(() => {
      history.pushState(null, '', '/nowhere');
      dispatchEvent(new PopStateEvent('popstate', { state: null }));
    });
    await page.getByRole('heading', { name: '没有这个页面' }).waitFor();
    await page.locator('[data-testid="call-bar"]').waitFor();
    await page.goBack();
    await page.locator('#desk-title').waitFor();
    assert.equal(await page.locator('#desk-title').inputValue(), '小区门口占道经营');
    assert.ok(citizen.inCall);
    await picture(page, 'desk-form');
  });

  it('is in wrap-up when the citizen hangs up, may have more time, and submits', async () => {
    await citizen.hangUp();
    await page.locator('[data-testid="wrap-up"]').waitFor();
    await waitForState(page, 'wrap_up');
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'desk-wrap-up');
    const left = async () => seconds(await page.locator('[role="timer"]').textContent());
    const before = await left();
    await page.locator('[data-testid="wrap-up"] .el-select').click();
    await page.getByRole('option', { name: '诉求复杂' }).click();
    await page.getByRole('button', { name: '延长', exact: true }).click();
    await until(async () => (await left()) > before + 30, () => `from ${before} s`);

    await page.locator('#desk-lead').click();
    await page.keyboard.type('csgl');
    await page.getByRole('option', { name: '南京市城市管理局' }).click();
    await page.keyboard.press('Alt+Enter');
    await page.locator('[data-testid="idle"]').waitFor();
    await waitForState(page, 'ready');

    const api = await signIn(hotline.http, 'team_lead');
    const { items } = await api('GET', `/api/v1/tickets?phone=${CITIZEN}`);
    assert.equal(items.length, 1);
    assert.equal(items[0].stage, 'dispatched');
    assert.equal(items[0].title, '小区门口占道经营');
    assert.equal(items[0].ticket.demand.category, '010101');
  });

  it('sees, when the same number calls again, what it asked before, and what the same person asked from another', async () => {
    const lead = await signIn(hotline.http, 'team_lead');
    const wish = (id, command, body) => lead('POST', `/api/v1/tickets/${id}/commands/${command}`, body);
    const identity = { id_kind: 'resident_id', id_number: '11010519491231002X' };
    const elsewhere = await lead('POST', '/api/v1/tickets', { title: '地铁口共享单车乱停', content: '出口被单车堵住。', kind: 'complaint', petitioner: { name: '王女士', phone: '13700001111', applicant: 'person' } });
    await wish(elsewhere.id, 'identify', { identity });
    const { items } = await lead('GET', `/api/v1/tickets?phone=${CITIZEN}`);
    await wish(items[0].id, 'identify', { identity });
    await wish(items[0].id, 'verify_identity', { matches: true, method: '国家平台核验' });

    await lead('POST', '/api/v1/clusters', { title: '小区门口占道经营', kind: 'same_event', lead: items[0].id, members: [elsewhere.id] });

    const calling = citizen.call('12345');
    await page.locator('[data-testid="desk-cluster"]').getByText('来电人此前诉求所属').waitFor();
    await page.locator('[data-testid="history"]', { hasText: '小区门口占道经营' }).waitFor();
    await page.locator('[data-testid="history-identity"]', { hasText: '地铁口共享单车乱停' }).waitFor();
    await page.keyboard.press('Alt+1');
    await calling;
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'desk-history');
  });

  it('merges what is about the same event, sees the matter it belongs to, and registers what is not accepted', async () => {
    const demand = { title: '小区门口占道经营', content: '每天傍晚六点到九点，小区东门人行道被烧烤摊占满，行人只能走机动车道。', address: '南京市鼓楼区中山北路' };
    const lead = await signIn(hotline.http, 'team_lead');
    const [{ id }] = (await lead('GET', '/api/v1/tickets?q=地铁口共享单车乱停')).items;
    // The first demand is sketched some seconds after it was written.
    await until(async () => (await lead('POST', `/api/v1/tickets/${id}/advice`, demand)).similar.length > 0, () => 'they are found alike', 30_000);
    await page.locator('#desk-name').fill('王女士');
    await page.locator('#desk-title').fill(demand.title);
    await page.locator('#desk-content').fill(demand.content);
    await page.locator('#desk-address').fill(demand.address);
    await page.keyboard.press('Alt+S');
    await page.locator('[data-testid="similar"]').getByRole('button', { name: /^并单/ }).first().click();
    await page.locator('[data-testid="desk-cluster"]').getByText('来电人此前诉求所属').waitFor({ state: 'detached' });
    await page.locator('[data-testid="desk-cluster"]').getByText('小区门口占道经营').waitFor();
    await citizen.hangUp();
    await page.locator('[data-testid="wrap-up"]').waitFor();

    await page.getByRole('radio', { name: '企业' }).check({ force: true });
    await page.locator('#desk-credit_code').fill('91350100M000100Y43');
    await page.getByText('不予受理', { exact: true }).click();
    await page.locator('.el-select:has(#desk-ground)').click();
    await page.getByRole('option', { name: /非江苏省/ }).click();
    // Whose it is stands in the directory.
    await page.locator('.el-select:has(#desk-outside)').click();
    await page.keyboard.type('shanghai');
    await page.getByRole('option', { name: /上海12345/ }).click();
    assert.equal(await page.locator('#desk-ground_details').inputValue(), '上海12345 02112345');
    await page.locator('#desk-explanation').fill('事发地在上海，请拨打上海12345。');
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'desk-outside');
    await page.keyboard.press('Alt+Enter');
    await page.locator('[data-testid="idle"]').waitFor();
    const { items } = await (await signIn(hotline.http, 'team_lead'))('GET', `/api/v1/tickets?phone=${CITIZEN}`);
    const [refused] = items.filter((one) => one.stage === 'voided');
    assert.equal(refused.stage_name, '不予受理');
    assert.equal(refused.title, '小区门口占道经营');
    assert.equal(refused.ticket.intake.real_name.identity.id_kind, 'credit_code');
  });

  it('ran without a fault in the page', () => {
    assert.deepEqual(agent.faults, []);
    assert.ok(energyOf([0]) < -100);
  });
});

async function levelHeard(page) {
  return page.evaluate(async () => {
    const stats = [...(await window.peers.at(-1).getStats()).values()];
    const inbound = stats.find((one) => one.type === 'inbound-rtp');
    return { energy: inbound?.totalAudioEnergy ?? 0, packets: inbound?.packetsReceived ?? 0 };
  });
}

const seconds = (clock) => clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
