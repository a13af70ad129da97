// What stands beside tickets, through the pages: supervision, duty, same events, rules, and the citizen who looks how it stands.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { axeFaults, logIn, openBrowser, picture } from './support/browser.js';
import { signIn, startHotline } from './support/hotline.js';
import { until } from './support/until.js';

const UNIT = 'nj-cgj';
const PHONE_SIZE = { width: 390, height: 844 };
const CONTENT = '中山路1号小区东门外的三盏路灯从上周五起不亮，夜里出门看不清路，已有老人摔倒。';

/** Whoever sat at this browser before has gone home. */
async function sitDown(browser, http, username, path) {
  await browser.context.clearCookies();
  return logIn(browser.context, http, username, path);
}

describe('oversight', { timeout: 240_000 }, () => {
  let hotline, lead, handler;
  let supervisor, unit, citizen, admin;
  let ticket, same;

  const registered = (title, phone) =>
    lead('POST', '/api/v1/tickets', { title, content: CONTENT, kind: 'complaint', category: '010301', address: '南京市玄武区中山路1号', petitioner: { name: '王小明', phone, applicant: 'person' } });

  before(async () => {
    hotline = await startHotline();
    [supervisor, unit, citizen, admin] = await Promise.all([openBrowser(), openBrowser(), openBrowser({ size: PHONE_SIZE }), openBrowser()]);
    [lead, handler] = await Promise.all([signIn(hotline.http, 'team_lead'), signIn(hotline.http, 'unit_handler')]);
    ticket = await registered('路灯不亮', '13812345678');
    await lead('POST', `/api/v1/tickets/${ticket.id}/commands/dispatch`, { lead: UNIT, basis: '《城市照明管理规定》' });
    await handler('POST', `/api/v1/tickets/${ticket.id}/commands/acknowledge`, {});
    same = await registered('东门路灯熄灭', '13912345678');
  });

  after(async () => {
    await Promise.all([supervisor?.close(), unit?.close(), citizen?.close(), admin?.close()]);
    await hotline?.stop();
  });

  it('a supervisor urges from the ticket; the unit sees the notice, receives it and answers; the answer is accepted and the case closed', async () => {
    const page = await sitDown(supervisor, hotline.http, 'supervisor', `/tickets/${ticket.id}`);
    await page.getByRole('button', { name: '催办', exact: true }).click();
    await page.locator('#oversight-open-reason').fill('市民三次来电，单位签收后未联系');
    await page.getByRole('form', { name: '发起督办' }).getByRole('button', { name: '提交' }).click();
    await page.getByRole('link', { name: /催办.*待单位签收/ }).click();
    await page.waitForURL(/\/oversight\//);
    const number = page.getByRole('link', { name: /12345催办〔\d{4}〕\d+号/ });
    await number.waitFor();

    const theirs = await sitDown(unit, hotline.http, 'unit_handler', '/oversight');
    await theirs.getByRole('link', { name: /催办.*待单位签收/ }).click();
    await theirs.getByRole('button', { name: '签收通知' }).click();
    await theirs.getByRole('button', { name: '反馈', exact: true }).click();
    // Nothing is sent while nothing is written.
    await theirs.getByRole('button', { name: '提交' }).click();
    await theirs.getByText('请填写反馈内容').waitFor();
    await theirs.locator('#case-answer-text').fill('已更换三盏灯具，责任人李强。');
    await theirs.keyboard.press('Control+Enter');
    await theirs.getByText('已更换三盏灯具').waitFor();
    assert.deepEqual(await axeFaults(theirs), []);

    await page.reload();
    await page.getByRole('button', { name: '认定反馈' }).click();
    await page.getByText('采纳', { exact: true }).click();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('button', { name: '办结', exact: true }).click();
    await page.getByText('已落实', { exact: true }).click();
    await page.locator('#case-close-evidence').fill('现场照片两张');
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('heading', { name: /办结 · 已落实/ }).waitFor();
    const { items } = await lead('GET', `/api/v1/supervision?ticket=${ticket.id}`);
    assert.equal(items[0].open, false);
    assert.equal(items[0].case.rungs[0].answers[0].judged.verdict, 'accepted');
    await page.close();
    await theirs.close();
  });

  it('an evasive answer to a supervision puts a measure of article 26 before a person, who decides', async () => {
    const opened = await (await signIn(hotline.http, 'supervisor'))('POST', '/api/v1/supervision', { ticket: ticket.id, level: 'supervise', reason: '占道经营反复反映' });
    const wish = (command, body = {}) => handler('POST', `/api/v1/supervision/${opened.id}/commands/${command}`, body);
    await wish('receive');
    await wish('answer', { text: '已安排' });
    const page = await sitDown(supervisor, hotline.http, 'supervisor', `/oversight/${opened.id}`);
    await page.getByRole('button', { name: '认定反馈' }).click();
    await page.getByText('推诿、不作为', { exact: true }).click();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByText('请填写认定意见').waitFor();
    await page.locator('#case-judge-remark').fill('未说明措施和时间');
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('heading', { name: /第二十六条情形/ }).waitFor();
    await picture(page, 'oversight');
    await page.getByRole('button', { name: '采取措施' }).click();
    await page.getByText('约谈', { exact: true }).click();
    await page.locator('#case-confirm-addressee').fill('南京市城市管理局主要负责人');
    await page.locator('#case-confirm-text').fill('就路灯问题约谈。');
    await page.getByRole('button', { name: '提交' }).click();
    await page.locator('[aria-current="step"]', { hasText: '约谈通报专报' }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.goto(`${hotline.http}/oversight/findings`);
    await page.getByRole('heading', { name: '疑点与重点' }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.close();
  });

  it('a citizen looks by number and code on a telephone; a wrong code tells nothing', async () => {
    const { number, code } = await lead('GET', `/api/v1/tickets/${ticket.id}/query_code`);
    const page = await citizen.context.newPage();
    await page.goto(`${hotline.http}/query`);
    await page.locator('#query-number').fill(number);
    await page.locator('#query-code').fill('00000000');
    await page.keyboard.press('Enter');
    await page.getByText('没有查到').waitFor();
    await page.locator('#query-code').fill(code);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '路灯不亮' }).waitFor();
    await page.locator('[aria-current="step"]', { hasText: '办理中' }).waitFor();
    await page.getByText('承办单位已签收').waitFor();
    const shown = await page.locator('main').textContent();
    for (const secret of ['王小明', '13812345678', '中山路1号']) assert.ok(!shown.includes(secret), secret);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is beside the screen');
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'citizen-query');
    await page.close();
  });

  it('hours without anybody on duty are an alarm until the unit publishes a roster', async () => {
    const desk = await signIn(hotline.http, 'supervisor');
    await until(async () => (await desk('GET', '/api/v1/duty/gaps')).items.length > 0, () => 'gaps are found');
    const page = await sitDown(supervisor, hotline.http, 'supervisor', '/duty');
    await page.getByRole('alert').filter({ hasText: /个单位/ }).waitFor();
    const gap = page.getByRole('region', { name: '无人值班时段' }).getByRole('button').first();
    await gap.click();
    await page.locator('.roster').getByText('尚未公布值班表').waitFor();
    await page.getByRole('button', { name: '修改值班表' }).click();
    await page.getByLabel('值班人员 1').fill('刘洋');
    await page.getByLabel('电话 1', { exact: true }).fill('13900008701');
    const shift = page.getByLabel('值班时间 1');
    const always = await shift.inputValue();
    await shift.fill('随时');
    await page.getByRole('button', { name: '公布', exact: true }).click();
    await page.locator('.refusal').waitFor();
    await shift.fill(always);
    await page.getByRole('button', { name: '公布', exact: true }).click();
    await page.locator('.roster .now', { hasText: '刘洋' }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'duty');

    // What cannot wait: the duty of a unit is called out from the ticket, and somebody has it.
    await page.goto(`${hotline.http}/tickets/${same.id}`);
    await page.getByRole('button', { name: '发起应急叫应' }).click();
    await page.locator('#callout-reason').fill('路灯漏电');
    await page.locator('#callout-unit').click();
    await page.keyboard.type('南京市城市管理局');
    await page.getByRole('option', { name: '南京市城市管理局' }).click();
    await page.getByRole('form', { name: '发起应急叫应' }).getByRole('button', { name: '提交' }).click();
    await page.getByText('叫应中').waitFor();
    await page.getByRole('button', { name: '记录应答' }).click();
    await page.getByRole('form', { name: '记录应答' }).getByRole('button', { name: '提交' }).click();
    await page.getByText('已应答').waitFor();
    await page.close();
  });

  it('two demands about one event are merged and dispatched as one, by the unit the rules propose', async () => {
    const third = await registered('东门外路灯坏了', '13712345678');
    const path = `/api/v1/tickets/${same.id}/similar`;
    await until(async () => (await lead('GET', path)).items.some((one) => one.ticket_id === third.id), () => 'they are found alike', 30_000);
    const page = await sitDown(supervisor, hotline.http, 'supervisor', `/tickets/${same.id}`);
    await page.getByRole('button', { name: `并单 ${third.number}` }).click();
    await page.getByRole('region', { name: '同一事件' }).getByRole('link', { name: '东门外路灯坏了' }).click();
    await page.waitForURL(/\/clusters\//);
    await page.getByRole('region', { name: '成员工单' }).getByRole('listitem').nth(1).waitFor();
    await page.getByRole('button', { name: '统一派单' }).click();
    await page.getByRole('region', { name: '规则建议的承办单位' }).getByRole('button', { name: /南京市城市管理局/ }).click();
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByText('2 件办理，0 件未办理').first().waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'same-events');
    for (const { id } of [same, third]) assert.equal((await lead('GET', `/api/v1/tickets/${id}`)).stage, 'dispatched');
    await page.close();
  });

  it('a demand outside Jiangsu is not accepted, with its ground; the sixth ground is not an agent’s to say', async () => {
    const outside = await registered('合肥道路破损', '13612345678');
    const page = await sitDown(unit, hotline.http, 'agent1002', `/tickets/${outside.id}`);
    await page.getByRole('button', { name: '不予受理', exact: true }).click();
    assert.ok(await page.locator('.el-radio', { hasText: '（六）其他' }).locator('input').isDisabled());
    await page.getByText('（一）非江苏省行政管辖权范围').click();
    await page.locator('#refuse-ground-hotline').fill('0551-12345');
    await page.locator('#refuse-explanation').fill('该路段属安徽省合肥市');
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: '提交' }).click();
    await page.getByRole('region', { name: '受理与身份' }).getByText('（一）非江苏省行政管辖权范围').waitFor();
    const counts = await lead('GET', '/api/v1/refusals');
    assert.deepEqual(counts.items.find(({ ground }) => ground === 1), { ground: 1, count: 1 });
    await page.close();
  });

  it('rules, notices and the regulation are read; a notice is published and what it moves is listed', async () => {
    const page = await sitDown(admin, hotline.http, 'admin', '/rules');
    await page.getByRole('cell', { name: '签收（工作小时）', exact: true }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.getByRole('button', { name: '节假日通知' }).click();
    await page.getByRole('button', { name: '发布节假日通知' }).click();
    // The day on which the first demand's answer is due becomes a day off.
    const { deadlines } = await lead('GET', `/api/v1/tickets/${ticket.id}`);
    const { due } = deadlines.find(({ kind }) => kind === 'handle_by');
    const [day, year] = [due.slice(0, 10), due.slice(0, 4)];
    await page.locator('#notice-year').fill(year);
    await page.locator('#notice-title').fill('关于部分节假日安排的通知');
    await page.locator('#notice-off').fill(`${day}、元旦`);
    await page.getByText('“元旦”不是日期').waitFor();
    assert.ok(await page.getByRole('button', { name: '发布', exact: true }).isDisabled());
    await page.locator('#notice-off').fill(day);
    await page.getByRole('button', { name: '发布', exact: true }).click();
    await page.getByRole('heading', { name: '关于部分节假日安排的通知' }).waitFor();
    const moved = page.getByRole('region', { name: '时限变化' }).getByRole('row', { name: new RegExp(`${ticket.number} 办理`) });
    await moved.waitFor({ timeout: 30_000 });
    assert.match(await moved.textContent(), new RegExp(day), 'the old deadline is listed');
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'rules');
    await page.getByRole('button', { name: '管理办法条文' }).click();
    await page.getByText('第十一条第（三）项').waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await page.close();
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual([...supervisor.faults, ...unit.faults, ...citizen.faults, ...admin.faults], []);
  });
});
