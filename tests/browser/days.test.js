// Stories of a ticket that take days, by the people's own pages: the unit's, the desk's, the reviewer's, the revisitor's. Each
// has a week of its own.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { AGENT_HZ, HEARD_DB, axeFaults, hears, openBrowser, picture, seatOf } from './support/browser.js';
import { hearsSome } from './support/hearing.js';
import { PASSWORD, signIn, startHotline } from './support/hotline.js';
import { tone } from './support/sound.js';
import { deskOf } from './support/tickets.js';
import { buildTown } from './support/town.js';
import { until } from './support/until.js';

const CITIZEN = '13851234567';
const CITIZEN_HZ = 600;

describe('over days', { timeout: 480_000 }, () => {
  let hotline, town, browser, desk;
  /** Everybody's page at present, by username. */
  const pages = new Map();

  before(async () => {
    hotline = await startHotline({ at: '2026-03-02T09:00:00+08:00' });
    town = await buildTown(hotline, CITIZEN);
    town.citizen.say(tone(CITIZEN_HZ, 1));
    browser = await openBrowser();
    desk = deskOf(hotline.http);
  });

  after(async () => {
    await browser?.close();
    town?.close();
    await hotline?.stop();
  });

  const at = (username, path) => seatOf(pages, browser, hotline.http, username, path);

  /** Time goes by: whoever sat there is signed out by it. */
  async function on(instant) {
    await hotline.goOnFrom(instant);
    for (const page of pages.values()) await page.context().close();
    pages.clear();
  }

  const person = (username, name, role) => ['[[user]]', `username = "${username}"`, `display_name = "${name}"`, `role = "${role}"`, 'unit = "js-12345"', `password = "${PASSWORD}"`].join('\n');
  const command = (page, name) => page.getByRole('button', { name, exact: true }).click();
  const write = (page, field, text) => page.locator(`[data-field="${field}"] :is(textarea, input)`).first().fill(text);
  const choose = (page, name) => page.getByRole('radio', { name, exact: true }).check({ force: true });
  const submit = async (page, form) => {
    await page.getByRole('button', { name: '提交', exact: true }).click();
    await page.getByRole('form', { name: form, exact: true }).waitFor({ state: 'detached' });
  };
  const stage = (page, name) => page.locator('.panel .head').getByText(name, { exact: true }).first().waitFor();
  /** The instant at which a clock runs out, as it says when pointed at. */
  const dateIn = (title) => title.match(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/)[0];
  const clock = (page, kind) => page.locator('.panel .head .countdown', { hasText: kind }).first().getAttribute('title');

  it('a unit may send an inquiry back for one working day, and is refused on the second with the article', async () => {
    await on('2026-03-03T10:00:00+08:00');
    const { id } = await desk.ticket({ kind: 'inquiry', title: '施工噪声投诉该找谁' }, 'dispatch', 'acknowledge');
    let unit = await at('unit_handler', `/unit/${id}?view=handle`);
    await unit.getByRole('button', { name: '申请退回', exact: true }).waitFor();
    // One working day, counted from the day after (article 11(4)).
    assert.equal(dateIn(await clock(unit, '可申请退回')), '2026-03-04 18:00:00');

    // It is written in time, but handed in too late.
    await on('2026-03-04T17:58:00+08:00');
    unit = await at('unit_handler', `/unit/${id}?view=handle`);
    await command(unit, '申请退回');
    await write(unit, 'basis', '施工噪声由生态环境部门监管，不属于本单位职责。');
    await write(unit, 'suggestion', '建议转市生态环境局。');
    await hotline.goOnFrom('2026-03-04T18:05:00+08:00');
    await unit.getByRole('button', { name: '提交', exact: true }).click();
    const refusal = unit.getByRole('alert');
    await refusal.getByText('第11(4)条').waitFor();
    assert.match(await refusal.textContent(), /退回/);
    assert.match(await unit.locator('#send_back-basis').inputValue(), /不属于本单位职责/, 'what was written stays');
    await picture(unit, 'unit-send-back-refused');

    // Whoever looks on the second day is told before they write.
    await on('2026-03-05T09:30:00+08:00');
    unit = await at('unit_handler', `/unit/${id}?view=handle`);
    const shut = unit.locator('.shut li', { hasText: '申请退回' });
    await shut.getByText('第11(4)条').waitFor();
  });

  it('a unit asks for a day more, the desk grants it, and both see the new deadline', async () => {
    await on('2026-03-10T10:00:00+08:00');
    const { id } = await desk.ticket({ title: '路灯杆倾斜' }, 'dispatch', 'acknowledge');
    const unit = await at('unit_handler', `/unit/${id}?view=handle`);
    await stage(unit, '办理中');
    const promised = await clock(unit, '办理');
    await command(unit, '申请延时');
    await write(unit, 'reason', '灯杆须向厂家定制，次日到货。');
    await choose(unit, '无需告知');
    await unit.getByRole('textbox', { name: '无需告知的原因' }).fill('三方通话中已告知');
    await submit(unit, '申请延时');
    await unit.getByText('延长 1 个工作日').or(unit.locator('.request')).first().waitFor();

    const lead = await at('team_lead', '/dispatch?view=decide_extension');
    await lead.getByRole('link', { name: /^\d{8}/ }).first().click();
    await lead.getByRole('form', { name: '审核延时申请' }).waitFor();
    await choose(lead, '同意');
    await write(lead, 'reason', '理由客观，同意延长一个工作日。');
    await submit(lead, '审核延时申请');

    const moved = await clock(lead, '办理');
    assert.equal(dateIn(promised), '2026-03-17 18:00:00');
    assert.equal(dateIn(moved), '2026-03-18 18:00:00');
    // The unit's page learns of it by itself.
    await until(async () => (await clock(unit, '办理')) === moved, () => 'the unit sees the new deadline');
  });

  it('a reply comes back from review with a remark, is corrected and passes', async () => {
    await on('2026-03-17T10:00:00+08:00');
    const petitioner = { name: '李先生', phone: '13951234567', applicant: 'person' };
    const { id } = await desk.ticket({ title: '夜市油烟扰民', petitioner }, 'dispatch', 'acknowledge');
    const unit = await at('unit_handler', `/unit/${id}?view=handle`);
    await command(unit, '答复');
    await write(unit, 'text', '已处理。');
    await write(unit, 'no_contact_reason', '已在三方通话中沟通。');
    await submit(unit, '答复');

    const reviewer = await at('reviewer', `/review/${id}?view=review`);
    await reviewer.getByRole('form', { name: '审核' }).waitFor();
    // What the checks saw stands beside the reply, each with its reason.
    const checks = reviewer.locator('[data-testid="reply-checks"]');
    for (const seen of ['内容过短', '没有时间', '没有责任人或联系方式']) await checks.getByText(seen, { exact: true }).waitFor();
    assert.ok((await checks.locator('dd').allTextContents()).every((why) => why.trim() !== ''));
    assert.deepEqual(await axeFaults(reviewer), []);
    await picture(reviewer, 'review-checks');
    await choose(reviewer, '不具体');
    await write(reviewer, 'remark', '请写明检查时间、处置措施和责任人。');
    await submit(reviewer, '审核');

    await unit.goto(`${hotline.http}/unit/${id}?view=reply_again`);
    await unit.locator('.bounced', { hasText: '请写明检查时间、处置措施和责任人。' }).waitFor();
    // The form is open already: that is what this list is for.
    await unit.getByRole('form', { name: '答复', exact: true }).waitFor();
    await write(unit, 'text', '3 月 17 日城管局李强现场检查，责令两家摊位加装油烟净化设备，已于当日整改完毕。');
    await write(unit, 'no_contact_reason', '已在三方通话中沟通。');
    await submit(unit, '答复');

    await reviewer.goto(`${hotline.http}/review/${id}?view=review`);
    await reviewer.getByRole('form', { name: '审核' }).waitFor();
    await choose(reviewer, '通过');
    await submit(reviewer, '审核');
    await stage(reviewer, '已办结');
  });

  it('不满意 by message: somebody else calls back, the unit puts it right, and the second call is satisfied', async () => {
    await on('2026-03-24T10:00:00+08:00');
    const { id } = await desk.ticket({ title: '人行道地砖破损' }, 'dispatch', 'acknowledge', 'reply', 'review');
    await town.message(CITIZEN, '人行道地砖破损');
    await town.answerMessage(CITIZEN, '不满意', '2026-03-24T10:01:00+08:00');

    const revisitor = await at('revisitor', '/revisit');
    await callBack(revisitor, '首次回访', '不满意', '未解决', '不满意', '地砖只补了一半。');

    const unit = await at('unit_handler', `/unit/${id}?view=rectify`);
    await unit.getByRole('form', { name: '提交整改' }).waitFor();
    await write(unit, 'finding', '余下二十米未铺设。');
    await write(unit, 'measures', '3 月 24 日补铺完毕，安排一周巡查。');
    await submit(unit, '提交整改');

    await callBack(revisitor, '整改后回访', '满意', '已解决', '满意', '已全部修好。');
    const ticket = await at('team_lead', `/tickets/${id}`);
    await ticket.getByText('回访结束').first().waitFor();
    const { items } = await ticket.evaluate((id) => fetch(`/api/v1/tickets/${id}/events`).then((said) => said.json()), id);
    assert.deepEqual(
      items.slice(-8).map(({ name }) => name),
      ['survey_answered', 'revisit_planned', 'revisited', 'rectification_ordered', 'rectified', 'revisit_planned', 'revisited', 'follow_up_ended'],
    );

    assert.deepEqual(
      items.filter(({ name }) => name === 'revisited').map(({ event }) => event.solved),
      [false, true],
    );

    async function callBack(page, round, outcome, solved, rating, remark) {
      await page.locator('.list li', { hasText: round }).first().waitFor({ timeout: 20_000 });
      await page.locator('.list li', { hasText: round }).first().getByRole('button').click();
      const ringing = new Promise((done) => town.citizen.once('ringing', done));
      await page.getByRole('button', { name: '☎ 呼叫诉求人' }).first().click();
      await page.locator('[data-testid="answer"]').waitFor();
      // It is in this person's hands now, and stays at hand.
      await page.locator('.tabs [aria-current]', { hasText: '我领取的' }).waitFor();
      await page.keyboard.press('Alt+1');
      await ringing;
      town.citizen.answer();
      await hearsSome(town.citizen, AGENT_HZ);
      await until(async () => (await hears(page, [CITIZEN_HZ], 300))[CITIZEN_HZ] > HEARD_DB, () => 'the revisitor hears the citizen');
      await town.citizen.hangUp();
      await choose(page, outcome);
      // Both are asked: without an answer to each nothing is recorded.
      assert.ok(await page.getByRole('button', { name: '提交结果' }).isDisabled());
      await choose(page, solved);
      await page.getByRole('radiogroup', { name: '评价等级' }).getByText(rating, { exact: true }).click();
      await page.locator('#remark').fill(remark);
      await picture(page, 'revisit');
      await page.getByRole('button', { name: '提交结果' }).click();
      await page.getByText('回访结果已记录').first().waitFor();
    }
  });

  it('an answer that no rule can read is read by a person: from the list, from the ticket, or it is none', async () => {
    await on('2026-03-31T10:00:00+08:00');
    const closed = async (title, phone) => {
      const { id } = await desk.ticket({ title, petitioner: { name: '赵女士', phone, applicant: 'person' } }, 'dispatch', 'acknowledge', 'reply', 'review');
      await town.message(phone, title);
      return id;
    };
    const first = await closed('井盖松动', '13751234567');
    const second = await closed('公交站牌倒伏', '13651234567');
    await town.answerMessage('13751234567', '修是修了，就是慢', '2026-03-31T10:01:00+08:00');
    await town.answerMessage('13651234567', '这次办得挺好', '2026-03-31T10:01:10+08:00');
    await town.answerMessage('13551234567', '您是哪位', '2026-03-31T10:01:20+08:00');

    const revisitor = await at('revisitor', '/revisit/messages');
    const list = revisitor.locator('[data-testid="quarantine"]');
    await until(
      async () => {
        await revisitor.reload();
        await list.waitFor();
        return (await list.getByText('您是哪位').count()) === 1;
      },
      () => 'three messages wait',
    );
    await list.getByRole('button', { name: /修是修了/ }).click();
    // The one ticket that waits for this number's answer is chosen already.
    await revisitor.getByRole('radio', { name: /井盖松动/, checked: true }).waitFor();
    assert.deepEqual(await axeFaults(revisitor), []);
    await picture(revisitor, 'quarantine');
    await choose(revisitor, '基本满意');
    await revisitor.locator('#quarantine-remark').fill('认可结果，嫌慢');
    await revisitor.getByRole('button', { name: '归入该工单' }).click();
    await list.getByText('修是修了').waitFor({ state: 'detached' });

    await list.getByRole('button', { name: /您是哪位/ }).click();
    await revisitor.locator('#quarantine-remark').fill('不是评价');
    await revisitor.getByRole('button', { name: '不是评价，不予采用' }).click();
    await list.getByText('您是哪位').waitFor({ state: 'detached' });

    await revisitor.goto(`${hotline.http}/tickets/${second}`);
    await command(revisitor, '判读短信评价');
    await revisitor.locator('[data-testid="survey-texts"]').getByText('这次办得挺好').waitFor();
    await choose(revisitor, '满意');
    await write(revisitor, 'remark', '原话为肯定');
    await submit(revisitor, '判读短信评价');
    const left = await at('revisitor', '/revisit/messages');
    await left.getByText('没有待判读的短信').waitFor();
    for (const [id, rating] of [[first, 'basically_satisfied'], [second, 'satisfied']]) {
      const { ticket } = await left.evaluate((id) => fetch(`/api/v1/tickets/${id}`).then((said) => said.json()), id);
      assert.equal(ticket.surveys.at(-1).rating, rating);
    }
  });

  it('urged in vain, a unit is supervised: it receives, answers, is judged, and the case closes with evidence', async () => {
    await on('2026-04-08T10:00:00+08:00');
    // Somebody who asks for the first time: what was closed and is asked again, the rules supervise by themselves.
    const { id } = await desk.ticket({ title: '宣传栏玻璃破损', petitioner: { name: '陈先生', phone: '13951230005', applicant: 'person' } }, 'dispatch');
    const lead = await at('team_lead', `/tickets/${id}`);
    await command(lead, '发起督办');
    await choose(lead, '催办');
    await write(lead, 'reason', '尚未签收，玻璃碎片在人行道上。');
    await submit(lead, '发起督办');
    const opened = await lead.locator('a[href^="/oversight/"]').first().getAttribute('href');

    // The next day nothing has been answered: what was urged is supervised now.
    await on('2026-04-09T14:30:00+08:00');
    const supervisor = await at('supervisor', '/oversight');
    await supervisor.locator(`.list a[href^="${opened.split('?')[0]}"]`).click();
    await command(supervisor, '升级督办');
    await choose(supervisor, '工单督办');
    await write(supervisor, 'reason', '催办后仍未签收。');
    await submit(supervisor, '升级督办');

    const unit = await at('unit_head', opened);
    await command(unit, '签收通知');
    await command(unit, '反馈');
    await write(unit, 'text', '4 月 9 日城管局李强到场设置围挡，下午三时已换装新玻璃。');
    await submit(unit, '反馈');

    await supervisor.reload();
    await command(supervisor, '认定反馈');
    await choose(supervisor, '采纳');
    await submit(supervisor, '认定反馈');
    await command(supervisor, '办结');
    await choose(supervisor, '已落实');
    await write(supervisor, 'evidence', '现场照片与承办单位反馈一致。');
    await write(supervisor, 'finding', '初期响应不及时，已整改。');
    await submit(supervisor, '办结');
    await supervisor.locator('.end', { hasText: '现场照片与承办单位反馈一致。' }).waitFor();
    await picture(supervisor, 'supervision-closed');
    // Ladder and notices stand on the ticket's side too, and the ticket itself was not touched by them.
    const { items } = await supervisor.evaluate((id) => fetch(`/api/v1/tickets/${id}/events`).then((said) => said.json()), id);
    assert.ok(items.every(({ name }) => !/supervis|urge/.test(name)), JSON.stringify(items.map(({ name }) => name)));
  });

  it('what a revisitor took is found again after a reload; the others see whose it is', async () => {
    await on('2026-04-13T10:00:00+08:00');
    await desk.ticket({ title: '护栏缺失' }, 'dispatch', 'acknowledge', 'reply', 'review');
    await town.message(CITIZEN, '护栏缺失');
    await town.answerMessage(CITIZEN, '不满意', '2026-04-13T10:01:00+08:00');
    const admin = await signIn(hotline.http, 'admin');
    await admin('POST', '/api/v1/organisation/apply', { toml: person('revisitor2', '回访员 田禾', 'revisitor') });

    const page = await at('revisitor', '/revisit');
    await page.locator('.list li', { hasText: '首次回访' }).first().getByRole('button').click({ timeout: 20_000 });
    await page.getByRole('button', { name: '☎ 呼叫诉求人' }).click();
    await page.locator('[data-testid="answer"]').waitFor();
    // The window is closed before the phone was answered.
    await page.close();
    pages.delete('revisitor');
    const again = await at('revisitor', '/revisit?list=mine');
    await again.locator('.list li', { hasText: '首次回访' }).waitFor();

    const other = await at('revisitor2', '/revisit?list=others');
    await other.locator('.list li', { hasText: '回访员 孙倩' }).waitFor();
    assert.equal(await other.getByRole('button', { name: '退还任务' }).count(), 0, 'it is not theirs to give back');
    const lead = await at('team_lead', '/revisit?list=others');
    await lead.locator('.list li', { hasText: '回访员 孙倩' }).waitFor();

    await command(again, '退还任务');
    await again.locator('.tabs [aria-current]', { hasText: '待回访' }).waitFor();
    await other.goto(`${hotline.http}/revisit`);
    await other.locator('.list li', { hasText: '首次回访' }).first().waitFor();
  });

  it('somebody who had a part in the ticket may not revisit it, whatever their post is now', async () => {
    await on('2026-04-14T10:00:00+08:00');
    const admin = () => signIn(hotline.http, 'admin');
    await (await admin())('POST', '/api/v1/organisation/apply', { toml: person('reviewer2', '审核员 方圆', 'reviewer') });
    const { id, number } = await desk.ticket({ title: '井盖异响' }, 'dispatch', 'acknowledge', 'reply');
    await desk.act('reviewer2', id, 'review', { outcome: 'passed' });
    await town.message(CITIZEN, '井盖异响');
    await town.answerMessage(CITIZEN, '不满意', '2026-04-14T10:02:00+08:00');
    // The reviewer becomes a revisitor.
    await (await admin())('POST', '/api/v1/organisation/apply', { toml: person('reviewer2', '回访员 方圆', 'revisitor') });
    const page = await at('reviewer2', '/revisit');
    const waiting = page.locator('.list li', { hasText: '首次回访' });
    await waiting.first().waitFor({ timeout: 20_000 });
    await until(async () => {
      for (const one of await waiting.all()) {
        await one.getByRole('button').click();
        if (await page.locator('.panel .head', { hasText: number }).isVisible()) return true;
      }
      return false;
    }, () => 'the ticket is to be revisited', 20_000);
    await page.getByRole('button', { name: '☎ 呼叫诉求人' }).click();
    const refusal = page.locator('section.call').getByRole('alert');
    await refusal.getByText('回访人员不能是办理人员或答复认定人员').waitFor();
    assert.match(await refusal.textContent(), /第11\(5\)条/);
    await picture(page, 'revisit-refused');
  });

  it('a written opinion is asked for, issued, sent to the citizen, and verified by whoever holds it', async () => {
    await on('2026-04-20T10:00:00+08:00');
    const { id, number } = await desk.ticket({ title: '公交站台破损' }, 'dispatch', 'acknowledge', 'reply', 'review');
    const lead = await at('team_lead', `/tickets/${id}`);
    await command(lead, '要求书面意见');
    await submit(lead, '要求书面意见');
    const unit = await at('unit_handler', `/unit/${id}?view=issue_opinion`);
    await unit.getByRole('form', { name: '出具书面意见' }).waitFor();
    const words = '经现场核查，公交站台顶棚已于 4 月 19 日修复。';
    await write(unit, 'text', words);
    await submit(unit, '出具书面意见');

    const { text } = await town.message(CITIZEN, '校验码');
    const code = text.match(/校验码\D*(\d+)/)[1];
    const citizen = await (await browser.anotherSeat()).newPage();
    await citizen.goto(`${hotline.http}/query?opinion&number=${number}-1`);
    await citizen.locator('#query-code').fill('12345678');
    await citizen.keyboard.press('Enter');
    await citizen.getByText('没有查到').waitFor();
    await citizen.locator('#query-code').fill(code);
    await citizen.keyboard.press('Enter');
    await citizen.getByRole('heading', { name: '✓' }).waitFor();
    await citizen.getByText(words).waitFor();
    await citizen.getByText('南京市城市管理局').waitFor();
    assert.deepEqual(await axeFaults(citizen), []);
    await picture(citizen, 'written-opinion');
  });

  it('a unit that keeps silent is urged, supervised, and a measure is put before a person: nobody had to think of it', async () => {
    await on('2026-05-11T09:30:00+08:00');
    const { id } = await desk.ticket({ title: '积水长期不退', petitioner: { name: '周女士', phone: '13951230009', applicant: 'person' } }, 'dispatch', 'acknowledge');
    const lead = await at('team_lead', `/tickets/${id}`);
    await command(lead, '发起督办');
    await choose(lead, '跟踪');
    await write(lead, 'reason', '市民多次反映，先行跟踪。');
    await submit(lead, '发起督办');
    const path = (await lead.locator('a[href^="/oversight/"]').first().getAttribute('href')).split('?')[0];
    /** The case as the rules have it, when its present limit has run out. */
    async function silence() {
      const read = async () => (await signIn(hotline.http, 'supervisor'))('GET', `/api/v1/supervision/${path.split('/').at(-1)}`);
      const before = await read();
      await on(new Date(Date.parse(before.due) + 60_000).toISOString());
      await until(async () => (await read()).version > before.version, () => `silence at ${before.level} leads to something`, 30_000);
    }
    const now = (page, level) => page.locator('[aria-current="step"]', { hasText: level }).waitFor();

    await silence();
    const supervisor = await at('supervisor', path);
    await now(supervisor, '催办');
    await supervisor.locator('.rung', { hasText: '跟踪期满, 事项仍未办结' }).waitFor();
    await silence();
    const unit = await at('unit_handler', path);
    await now(unit, '工单督办');
    await unit.getByRole('link', { name: /12345督办〔2026〕\d+号/ }).waitFor();
    await silence();
    const decides = await at('supervisor', path);
    await decides.getByRole('heading', { name: /第二十六条情形 · 督办后仍推诿、不作为/ }).waitFor();
    await decides.locator('.proposal', { hasText: '督办反馈时限届满, 承办单位未作出合格反馈' }).waitFor();
    assert.deepEqual(await axeFaults(decides), []);
    await picture(decides, 'supervision-climbed');
    // The rules propose; the measure is a person's.
    await command(decides, '采取措施');
    await choose(decides, '通报');
    await write(decides, 'addressee', '南京市城市管理局');
    await write(decides, 'text', '就积水问题长期不答复予以通报。');
    await submit(decides, '采取措施');
    await now(decides, '约谈通报专报');
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual(browser.faults, []);
  });
});
