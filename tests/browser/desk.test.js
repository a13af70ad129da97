// The desk beside its calls: what came by letter, what somebody else has to say first, what a seat of a unit has, and what a
// citizen reads whose demand was not accepted.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { axeFaults, openBrowser, picture, seatOf } from './support/browser.js';
import { signIn, startHotline } from './support/hotline.js';
import { deskOf } from './support/tickets.js';
import { until } from './support/until.js';

const RESIDENT = '11010519491231002X';
const FIRM = '91350100M000100Y43';

describe('the desk beside its calls', { timeout: 240_000 }, () => {
  let hotline, browser, desk, lead;
  const pages = new Map();

  before(async () => {
    hotline = await startHotline();
    browser = await openBrowser();
    desk = deskOf(hotline.http);
    lead = await signIn(hotline.http, 'team_lead');
  });

  after(async () => {
    await browser?.close();
    await hotline?.stop();
  });

  const at = (username, path) => seatOf(pages, browser, hotline.http, username, path);
  const radio = (page, name) => page.getByRole('radio', { name, exact: true }).check({ force: true });
  const write = (page, field, text) => page.locator(`[data-field="${field}"] :is(textarea, input)`).first().fill(text);
  const tab = (page, name) => page.locator('.tabs button', { hasText: name });
  async function submit(page, form) {
    await page.getByRole('form', { name: form }).getByRole('button', { name: '提交', exact: true }).click();
    await page.getByRole('form', { name: form }).waitFor({ state: 'detached' });
  }

  it('a letter is registered with its source, who wrote it and for whom, by keyboard', async () => {
    const page = await at('agent1000', '/desk/register');
    await page.getByRole('heading', { name: '登记来件' }).waitFor();
    await page.locator('#register-system').selectOption({ label: '江苏政务服务网' });
    await page.locator('#register-channel').selectOption('letter');
    await page.locator('#register-service').selectOption('efficacy_complaint');
    await page.locator('#register-origin_id').fill('L-2026-7');
    await page.locator('#register-name').fill('王小明');
    await page.locator('#register-phone').fill('13812345678');
    await page.getByRole('radio', { name: '企业' }).check({ force: true });
    await page.locator('#register-firm').fill('苏鲜餐饮有限公司');
    await page.locator('#register-credit_code').fill(`${FIRM.slice(0, -1)}4`);
    await page.locator('#register-id_number').fill(RESIDENT);
    await page.locator('#register-title').fill('窗口办理拖延');
    await page.locator('#register-content').fill('企业变更登记材料已齐，窗口三次退回未说明理由。');
    await page.locator('#register-address').fill('南京市玄武区政务大厅');
    await page.locator('#register-category').click();
    await page.keyboard.type('zdjy');
    await page.getByRole('option', { name: /占道经营/ }).first().click();
    // A slip of the pen is seen before it is sent.
    await page.getByText('统一社会信用代码有误，请核对。').waitFor();
    await page.keyboard.press('Alt+Enter');
    await page.getByRole('alert').getByText('正确的统一社会信用代码').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'register-credit_code');
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'register');
    await page.locator('#register-credit_code').fill(FIRM);
    await page.keyboard.press('Alt+Enter');
    const link = page.locator('[data-testid="registered"] a');
    await link.waitFor();
    const made = await lead('GET', `/api/v1${await link.getAttribute('href')}`);
    assert.equal(made.stage, 'registered');
    const { origin, real_name, classification } = made.ticket.intake;
    assert.deepEqual([origin.system, origin.id, origin.channel, origin.service], ['web', 'L-2026-7', 'letter', 'efficacy_complaint']);
    assert.deepEqual([real_name.identity.id_kind, real_name.legal_person.id_kind], ['resident_id', 'credit_code']);
    assert.equal(classification.category, '010101');
    const { applicant, firm } = made.ticket.demand.petitioner;
    assert.deepEqual([applicant, firm], ['enterprise', '苏鲜餐饮有限公司']);

    // The same letter again has its ticket already.
    await page.locator('#register-system').selectOption({ label: '江苏政务服务网' });
    await page.locator('#register-origin_id').fill('L-2026-7');
    await page.locator('#register-name').fill('王小明');
    await page.locator('#register-title').fill('窗口办理拖延');
    await page.locator('#register-content').fill('同一封来信。');
    await page.keyboard.press('Alt+Enter');
    await page.getByText('该来源编号已有工单').waitFor();
    assert.equal(await link.textContent(), made.number);
  });

  it('a visitor without a system is registered here, and may be refused for what is missing', async () => {
    const page = await at('agent1000', '/desk/register');
    await page.locator('#register-name').waitFor();
    await page.getByRole('button', { name: /^登记/ }).click();
    await page.getByRole('alert').getByText('姓名、标题、内容').waitFor();
    await page.locator('#register-name').fill('李先生');
    await page.locator('#register-title').fill('代父亲反映养老金');
    await page.locator('#register-content').fill('父亲八十岁，养老金两月未到账，由儿子到窗口反映。');
    await page.getByRole('button', { name: /^登记/ }).click();
    const link = page.locator('[data-testid="registered"] a');
    await link.waitFor();
    const made = await lead('GET', `/api/v1${await link.getAttribute('href')}`);
    assert.deepEqual([made.stage, made.ticket.source, made.title], ['registered', 'desk', '代父亲反映养老金']);
  });

  it('a report to a superior is in their list with its half hour, and is decided from there', async () => {
    const { id, number } = await desk.ticket({ title: '小区物业收费' });
    await desk.act('agent1000', id, 'report_up', { question: '物业收费是否属于受理范围？' });
    const page = await at('supervisor', '/dispatch?view=decide_report');
    await until(async () => /1/.test(await tab(page, '请示待批').textContent()), () => 'the list is counted');
    await page.getByRole('link', { name: new RegExp(number) }).first().click();
    const clock = page.locator('.panel .head .countdown', { hasText: '请示批复' });
    await clock.waitFor();
    assert.match(await clock.textContent(), /剩余 (29|30)分/);
    // The clock leads to the words that it rests on.
    assert.equal(await clock.getAttribute('href'), '/rules/articles?article=10');
    await page.getByRole('form', { name: '批复请示' }).waitFor();
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'reports');
    await radio(page, '属于受理范围');
    await write(page, 'decision', '物业收费由发展改革部门监管，应当受理。');
    await submit(page, '批复请示');
    await until(async () => /0/.test(await tab(page, '请示待批').textContent()), () => 'nothing waits any more');
    await clock.waitFor({ state: 'detached' });
    await page.goto(`${hotline.http}/rules/articles?article=10`);
    await page.locator('dt').first().waitFor();
    assert.equal(await page.locator('dt').count(), 1);
    assert.deepEqual(await axeFaults(page), []);
  });

  it('a refusal that somebody else must look at is in their list; the citizen reads why it was not accepted', async () => {
    const { id, number } = await desk.ticket({ title: '有人乱说话' });
    const explanation = '未说明时间、地点，请补充后再次来电。';
    await desk.act('agent1000', id, 'refuse', { ground: { code: 'malicious_or_vague', asked_for: '时间和地点' }, explanation });
    const reviewer = await at('reviewer', '/review?view=review_refusal');
    await until(async () => /1/.test(await tab(reviewer, '不予受理待复核').textContent()), () => 'reviewers see it');
    const page = await at('team_lead', '/dispatch?view=review_refusal');
    await page.getByRole('link', { name: new RegExp(number) }).first().click();
    await page.getByRole('form', { name: '复核不予受理' }).waitFor();
    await radio(page, '同意');
    await write(page, 'reason', '追问后仍不具体。');
    assert.deepEqual(await axeFaults(page), []);
    await submit(page, '复核不予受理');

    const { code } = await lead('GET', `/api/v1/tickets/${id}/query_code`);
    const citizen = await (await browser.anotherSeat()).newPage();
    await citizen.goto(`${hotline.http}/query`);
    await citizen.locator('#query-number').fill(number);
    await citizen.locator('#query-code').fill(code);
    await citizen.keyboard.press('Enter');
    await citizen.getByText('第九条第（4）项').waitFor();
    await citizen.getByText(explanation).waitFor();
    const shown = await citizen.locator('main').textContent();
    assert.ok(shown.includes('不予受理') && !shown.includes('已作废'), shown);
    assert.deepEqual(await axeFaults(citizen), []);
    await picture(citizen, 'citizen-not-accepted');
    await citizen.close();
  });

  it('what the desk hands to a seat stands on the seat’s page until it is answered', async () => {
    const { id } = await desk.ticket({ title: '占道经营如何申请许可', kind: 'inquiry' });
    const seat = await at('specialist', '/specialist');
    const list = seat.locator('[data-testid="seat-list"]');
    await list.getByText('没有待处理的诉求').waitFor();
    const { user } = await (await signIn(hotline.http, 'specialist'))('GET', '/api/v1/me');
    await desk.act('team_lead', id, 'hand_to_seat', { unit: user.unit, note: '请说明申请材料' });
    const item = list.getByRole('link', { name: /占道经营如何申请许可/ });
    await item.waitFor({ timeout: 40_000 });
    await list.getByText('请说明申请材料').waitFor();
    assert.deepEqual(await axeFaults(seat), []);
    await picture(seat, 'specialist-seat');
    const watching = await at('supervisor', '/dispatch?view=answer_at_seat');
    await until(async () => /1/.test(await tab(watching, '专席待答').textContent()), () => 'supervisors see it');
    await item.click();
    await seat.getByRole('button', { name: '专席接收', exact: true }).click();
    await submit(seat, '专席接收');
    await seat.getByRole('button', { name: '专席解答', exact: true }).click();
    await write(seat, 'answer', '向所在区城管窗口提交申请表和平面图，三个工作日答复。');
    await submit(seat, '专席解答');
    await seat.goto(`${hotline.http}/specialist`);
    await list.getByText('没有待处理的诉求').waitFor();
  });

  it('what another platform works on is passed on, waits in a list, and its result goes the way of replies', async () => {
    const { id, number } = await desk.ticket({ title: '上海站前积水' });
    const page = await at('team_lead', `/tickets/${id}`);
    await page.getByRole('button', { name: '转外部平台', exact: true }).click();
    const form = page.getByRole('form', { name: '转外部平台' });
    await form.locator('[data-field="partner"] input').click();
    await page.keyboard.type('shanghai');
    await page.getByRole('option', { name: '上海12345' }).click();
    await write(page, 'reason', '事发地在上海市静安区。');
    assert.deepEqual(await axeFaults(page), []);
    await submit(page, '转外部平台');
    await page.getByText('外部平台办理中').waitFor();
    await picture(page, 'passed-on');

    await page.goto(`${hotline.http}/dispatch?view=follow_partner`);
    await until(async () => /1/.test(await tab(page, '跟进外部平台').textContent()), () => 'the list is counted');
    await page.getByRole('link', { name: new RegExp(number) }).first().click();
    await page.getByRole('form', { name: '记录外部平台回复' }).waitFor();
    await radio(page, '办理结果');
    await write(page, 'text', '静安区建管委已疏通排水口。');
    assert.deepEqual(await axeFaults(page), []);
    await picture(page, 'partner-heard');
    await submit(page, '记录外部平台回复');
    const made = await lead('GET', `/api/v1/tickets/${id}`);
    assert.deepEqual([made.stage, made.unit, made.ticket.stage.reply.text], ['replied', 'js-12345', '静安区建管委已疏通排水口。']);
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual(browser.faults, []);
  });
});
