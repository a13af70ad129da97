// The desks as their people use them, on a clock that is moved ahead: a ticket's ways through 派单, 退回, 延期, 审核, 回访 and
// 整改, each by the pages alone, and every page looked at by axe-core.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';

import { DESK_SIZE, axeFaults, logIn, openBrowser, picture } from './support/browser.js';
import { signIn } from './support/hotline.js';
import { startShifted } from './support/shifted.js';
import { SipPhone } from './support/sip_phone.js';
import { tone } from './support/sound.js';
import { until } from './support/until.js';

const DAY = 24 * 3600;
const CITIZEN = '13812345678';
const TOKEN = 'demo-callback-token';
const SECRET = 'demo-callback-secret';
/** A Monday with a whole working week behind it. */
const FROM = '2026-03-02T09:00:00+08:00';

/** An SMS provider that takes everything. */
async function playProvider() {
  const messages = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      messages.push(JSON.parse(body));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ message_id: `m-${messages.length}` }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { messages, url: `http://127.0.0.1:${server.address().port}/submit`, close: () => server.close() };
}

describe('the desks', { timeout: 300_000 }, () => {
  let hotline, provider, person, admin;
  const phones = [];
  let replies = 0;

  before(async () => {
    [hotline, provider, person] = await Promise.all([startShifted(FROM), playProvider(), openBrowser()]);
    admin = await signIn(hotline.http, 'admin');
    const citizen = await new SipPhone({ user: CITIZEN, server: hotline.sip }).start();
    const revisitor = await new SipPhone({ user: '8600', server: hotline.sip, password: 'secret' }).start();
    phones.push(citizen, revisitor);
    await revisitor.register();
    const toml = `[[trunk]]\nname = "carrier"\nallow = ["127.0.0.0/8"]\noutbound = "sip:${citizen.address}"\n
[[sms_gateway]]\nname = "main"\nkind = "http"\nurl = "${provider.url}"\ncallback_token = "${TOKEN}"\nsecret = "${SECRET}"\n`;
    await admin('POST', '/api/v1/organisation/apply', { toml });
  });

  after(async () => {
    for (const phone of phones) phone.stop();
    await person?.close();
    provider?.close();
    await hotline?.stop();
  });

  /** The person's own window: each role signs in anew, so that a session never outlives a day. */
  async function as(username, path, size = DESK_SIZE) {
    await person.context.clearCookies();
    for (const page of person.context.pages()) await page.close();
    const page = await logIn(person.context, hotline.http, username);
    await page.setViewportSize(size);
    await page.goto(hotline.http + path);
    return page;
  }

  async function registered(title) {
    const lead = await signIn(hotline.http, 'team_lead');
    return lead('POST', '/api/v1/tickets', {
      title,
      content: `${title}。夜间出行不便, 请尽快处理。`,
      kind: 'help_request',
      petitioner: { name: '王先生', phone: CITIZEN, applicant: 'person' },
      address: '南京市玄武区中山路 12 号',
    });
  }

  async function command(username, id, name, body = {}) {
    const api = await signIn(hotline.http, username);
    return api('POST', `/api/v1/tickets/${id}/commands/${name}`, body);
  }

  async function stageOf(id) {
    const auditor = await signIn(hotline.http, 'auditor');
    return auditor('GET', `/api/v1/tickets/${id}`);
  }

  async function faultless(page, name) {
    assert.deepEqual(await axeFaults(page), [], name);
    await picture(page, name);
  }

  const form = (page) => page.locator('form.form');
  const submit = (page) => form(page).getByRole('button', { name: '提交' }).click();
  const act = (page, name) => page.getByRole('complementary').getByRole('button', { name, exact: true }).click();

  it('a dispatcher sends a ticket to its unit, by keyboard', async () => {
    const { id } = await registered('路灯不亮');
    const page = await as('team_lead', '/dispatch');
    await page.getByRole('link', { name: /^\d{8}-\d{6}$/ }).first().waitFor();
    await page.locator('.rows').focus();
    await page.keyboard.press('Enter');
    await form(page).waitFor();
    await form(page).locator('#dispatch-lead').fill('南京市城市管理局');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await form(page).locator('#dispatch-basis').fill('市政照明设施养护');
    await faultless(page, 'dispatch');
    await submit(page);
    await until(async () => (await stageOf(id)).stage === 'dispatched', () => 'it is dispatched');
  });

  it('a return asked for on the first day is refused, and on the third day cannot be asked for', async () => {
    const { id } = await registered('占道经营');
    await command('team_lead', id, 'dispatch', { lead: 'nj-cgj', basis: '市容管理' });
    let page = await as('unit_handler', `/unit/${id}?view=acknowledge`);
    await act(page, '签收');
    await submit(page);
    await page.getByText('签收完成').waitFor();
    await act(page, '申请退回');
    await submit(page);
    await page.getByText('请填写退回依据').waitFor();
    await form(page).locator('#send_back-basis').fill('该路段由交通部门管养');
    await form(page).locator('#send_back-suggestion').fill('建议转交通运输局办理');
    await submit(page);
    await page.getByText('申请退回完成').waitFor();

    // The second day.
    await hotline.pass(DAY);
    page = await as('reviewer', `/review/${id}?view=decide_send_back`);
    await form(page).waitFor();
    await form(page).getByText('不同意', { exact: true }).click();
    await form(page).locator('#decide_send_back-reason').fill('属于本单位职责, 请按时限办理');
    await faultless(page, 'review');
    await submit(page);
    await page.getByText('审核退回申请完成').waitFor();
    const ticket = await stageOf(id);
    assert.equal(ticket.stage, 'handling');
    assert.equal(ticket.deadlines[0].due.slice(0, 10), '2026-03-09', 'the refusal left the clock as it was');

    // After two working days the window has closed by itself, and the page says so with the article.
    await hotline.pass(2 * DAY);
    page = await as('unit_handler', `/unit/${id}`);
    await page.getByText(/退回申请期限已过.*第11\(4\)条/).waitFor();
    assert.equal(await page.getByRole('button', { name: '申请退回', exact: true }).count(), 0);
    await faultless(page, 'unit');
  });

  it('an extension is granted and moves the deadline, by its cause', async () => {
    const { id } = await registered('下水道堵塞');
    await command('team_lead', id, 'dispatch', { lead: 'nj-cgj' });
    await command('unit_handler', id, 'acknowledge');
    const before = (await stageOf(id)).deadlines[0].due;
    let page = await as('unit_handler', `/unit/${id}`);
    await act(page, '申请延期');
    await form(page).locator('#extend-reason').fill('需外地采购管件');
    await form(page).getByLabel('无需告知的原因').fill('现场已当面说明');
    await submit(page);
    await page.getByText('申请延期完成').waitFor();
    page = await as('reviewer', `/review/${id}?view=decide_extension`);
    await form(page).getByText('同意', { exact: true }).click();
    await form(page).locator('#decide_extension-reason').fill('理由充分');
    await submit(page);
    await page.getByText('审核延期申请完成').waitFor();
    await page.getByText('同意延期').first().waitFor();
    assert.ok((await stageOf(id)).deadlines[0].due > before);
  });

  it('a reply that review sends back is mended by the unit within the same limit', async () => {
    const { id } = await registered('垃圾未清运');
    await command('team_lead', id, 'dispatch', { lead: 'nj-cgj' });
    await command('unit_handler', id, 'acknowledge');
    const due = (await stageOf(id)).deadlines[0].due;
    const reply = async (text) => {
      const page = await as('unit_handler', `/unit/${id}`);
      const begun = await form(page).count();
      if (begun === 0) await act(page, '答复');
      await form(page).locator('#reply-text').fill(text);
      await form(page).locator('#reply-no_contact_reason').fill('电话无人接听');
      await submit(page);
      await page.getByText('答复完成').waitFor();
    };
    await reply('已处理');
    let page = await as('reviewer', `/review/${id}?view=review`);
    await form(page).getByText('不具体').click();
    await form(page).locator('#review-remark').fill('请写明清运时间和责任人');
    await submit(page);
    await page.getByText('审核完成').waitFor();
    assert.equal((await stageOf(id)).stage, 'handling');
    assert.equal((await stageOf(id)).deadlines[0].due, due);
    page = await as('unit_handler', '/unit?view=reply_again');
    await page.locator(`a[href^="/unit/${id}"]`).waitFor();
    await reply('环卫处李强已于3月5日15时清运完毕, 并增设一次夜间清运。');
    page = await as('reviewer', `/review/${id}?view=review`);
    await form(page).getByText('通过', { exact: true }).click();
    await submit(page);
    await page.getByText('审核完成').waitFor();
    await until(async () => (await stageOf(id)).stage === 'closed', () => 'it is closed');
  });

  it('a dissatisfied answer leads to a revisit by telephone, to rectification and to a second revisit', async () => {
    const { id } = await registered('噪音扰民');
    await command('team_lead', id, 'dispatch', { lead: 'nj-cgj' });
    await command('unit_handler', id, 'acknowledge');
    await command('unit_handler', id, 'reply', { text: '已于3月5日由李强现场处理。', no_contact_reason: '电话无人接听' });
    const asked = provider.messages.length;
    await command('reviewer', id, 'review', { outcome: 'passed' });
    await until(() => provider.messages.length > asked, () => 'the survey is sent', 20_000);
    const survey = provider.messages.at(-1);
    const code = /编号(\d{4})/.exec(survey.text)[1];
    await answer(survey.text, code);
    await until(async () => JSON.stringify((await stageOf(id)).ticket.stage).includes('revisiting'), () => `a revisit is planned after ${survey.text}`, 20_000);

    const [citizen, revisitor] = phones;
    const revisit = async (outcome, rating) => {
      const page = await as('revisitor', '/revisit');
      await page.getByRole('button', { name: '呼叫诉求人' }).click();
      for (const phone of [revisitor, citizen]) {
        await until(() => phone.inCall, () => 'the phone rings', 20_000);
        phone.say(tone(600, 1));
        phone.answer();
      }
      await form_of(page).getByText(outcome, { exact: true }).first().click();
      await form_of(page).getByText(rating, { exact: true }).click();
      await page.locator('#remark').fill('电话回访');
      await faultless(page, `revisit-${outcome}`);
      await citizen.hangUp();
      await page.getByRole('button', { name: '提交结果' }).click();
      await page.getByText('回访结果已记录').waitFor();
    };
    await revisit('不满意', '非常不满意');
    let page = await as('unit_handler', `/unit/${id}?view=rectify`);
    await form(page).locator('#rectify-finding').fill('夜间仍有施工');
    await form(page).locator('#rectify-measures').fill('责令22时后停工, 连续巡查一周');
    await submit(page);
    await page.getByText('提交整改完成').waitFor();
    await revisit('满意', '满意');
    page = await as('supervisor', `/tickets/${id}`);
    for (const step of ['派单', '短信评价', '人工回访', '要求核实整改', '整改反馈', '回访结束']) {
      await page.locator('.chain strong', { hasText: step }).first().waitFor();
    }
    // The revisit's sound plays where it stands.
    await page.getByRole('button', { name: /播放录音/ }).first().click();
    await page.getByRole('group', { name: '录音播放' }).getByRole('button', { name: '播放', exact: true }).click();
    await until(() => page.evaluate(() => (document.querySelector('audio')?.currentTime ?? 0) > 0.2), () => 'it plays');
    await faultless(page, 'ticket');
  });

  const form_of = (page) => page.getByRole('region', { name: '回访通话' });

  async function answer(text, code) {
    const body = JSON.stringify({ id: `r-${(replies += 1)}`, from: CITIZEN, text: `5 ${code}`, at: new Date().toISOString() });
    const t = Math.floor(Date.parse(await serverTime()) / 1000);
    const v1 = createHmac('sha256', SECRET).update(`${t}.${body}`).digest('hex');
    const reply = await fetch(`${hotline.http}/gateway/sms/main/${TOKEN}/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hotline-signature': `t=${t},v1=${v1}` },
      body,
    });
    assert.equal(reply.status, 200, `${text}: ${await reply.text()}`);
  }

  /** The shifted clock, as the server's own figures name it. */
  async function serverTime() {
    const lead = await signIn(hotline.http, 'team_lead');
    return (await lead('GET', '/api/v1/kpis')).as_of;
  }

  it('every page is fit for everybody, in both languages', async () => {
    const pages = [
      ['team_lead', '/tickets', 'tickets'],
      ['team_lead', '/tickets?view=overdue', 'tickets-overdue'],
      ['team_lead', '/tickets?q=nothing-like-it', 'tickets-empty'],
      ['unit_handler', '/unit', 'unit-list'],
      ['supervisor', '/supervisor/recordings', 'recordings'],
      ['admin', '/admin', 'admin'],
      ['auditor', '/audit', 'audit'],
    ];
    for (const [username, path, name] of pages) {
      const page = await as(username, path);
      await page.waitForLoadState('networkidle').catch(() => undefined);
      await faultless(page, name);
      await page.getByRole('button', { name: 'English' }).click();
      await page.getByRole('button', { name: '中文' }).waitFor();
      await picture(page, `${name}-en`);
      await page.getByRole('button', { name: '中文' }).click();
    }
    const wall = await as('supervisor', '/supervisor', { width: 1920, height: 1080 });
    await wall.locator('.tile').nth(8).waitFor();
    await faultless(wall, 'wallboard');
    const phone = await as('unit_handler', '/unit', { width: 390, height: 844 });
    await phone.locator('.table').waitFor();
    await faultless(phone, 'unit-phone');
    assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing is wider than a phone');
    assert.deepEqual(person.faults, []);
  });

  it('an administrator sees the difference before it is saved', async () => {
    const page = await as('admin', '/admin');
    await page.getByRole('button', { name: /^队列/ }).click();
    await page.getByRole('button', { name: '编辑' }).first().click();
    const text = page.getByLabel('组织文件内容');
    await text.fill((await text.inputValue()).replace(/wrap_up_s = \d+/, 'wrap_up_s = 45'));
    await page.getByRole('button', { name: '查看差异' }).click();
    await page.locator('ins', { hasText: '45' }).waitFor();
    await faultless(page, 'admin-difference');
    await page.getByRole('button', { name: '保存' }).click();
    await page.getByText('已保存 1 项变更').waitFor();
    const audit = await as('auditor', '/audit');
    await audit.getByRole('cell', { name: '变更组织' }).first().waitFor();
    await audit.getByRole('button', { name: '校验完整性' }).click();
    await audit.getByText(/条记录完整/).waitFor();
  });
});
