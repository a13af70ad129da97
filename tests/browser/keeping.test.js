// What a ticket is given beside its way: files, a unit below, an owner, a superior's word; and what is kept of it afterwards: the
// ledger of accountability, legal holds, archives, the joint conference.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { axeFaults, openBrowser, picture, seatOf } from './support/browser.js';
import { PASSWORD, signIn, startHotline } from './support/hotline.js';
import { deskOf, UNIT } from './support/tickets.js';
import { until } from './support/until.js';

/** The smallest thing that begins like one; `salt` makes it another. */
const png = (salt, bytes = 64) => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(bytes, salt)]);
const BELOW = 'nj-cgj-xw';
/** People and a unit that the demonstration lacks. */
const MORE = [
  ['[[unit]]', `code = "${BELOW}"`, 'name = "玄武区城市管理局"', 'kind = "department"', `parent = "${UNIT}"`],
  ['[[user]]', 'username = "xw_handler"', 'display_name = "玄武城管 顾远"', 'role = "unit_handler"', `unit = "${BELOW}"`, `password = "${PASSWORD}"`],
  ['[[user]]', 'username = "supervisor2"', 'display_name = "督办主任 何清"', 'role = "supervisor"', 'unit = "js-12345"', `password = "${PASSWORD}"`],
];

describe('keeping', { timeout: 480_000 }, () => {
  let hotline, browser, desk;
  const seats = new Map();

  before(async () => {
    hotline = await startHotline();
    browser = await openBrowser();
    desk = deskOf(hotline.http);
    const admin = await signIn(hotline.http, 'admin');
    await admin('POST', '/api/v1/organisation/apply', { toml: MORE.map((lines) => lines.join('\n')).join('\n') });
  });

  after(async () => {
    await browser?.close();
    await hotline?.stop();
  });

  const at = (username, path) => seatOf(seats, browser, hotline.http, username, path);

  const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
  const write = (page, field, text) => page.locator(`[data-field="${field}"] :is(textarea, input)`).first().fill(text);
  const choose = (page, name) => page.getByRole('radio', { name, exact: true }).check({ force: true });
  const submit = async (page, form) => {
    await page.getByRole('form', { name: form, exact: true }).getByRole('button', { name: '提交', exact: true }).click();
    await page.getByRole('form', { name: form, exact: true }).waitFor({ state: 'detached' });
  };
  async function pick(page, field, name) {
    await page.locator(`[data-field="${field}"] input`).first().click();
    await page.keyboard.type(name);
    await page.getByRole('option', { name, exact: true }).click();
  }
  /** Nothing serious, in either language. */
  async function clean(page) {
    const faults = await axeFaults(page);
    const other = page.locator('.switch').first();
    await other.click();
    await page.waitForFunction(() => document.documentElement.lang === 'en');
    faults.push(...(await axeFaults(page, { colours: false })));
    assert.equal(await page.getByText(/^(app|tickets|ledger|archives|clusters|conference|oversight|rules)\.[a-z_.]+$/).count(), 0, 'every word has an English one');
    await other.click();
    await page.waitForFunction(() => document.documentElement.lang === 'zh-CN');
    assert.deepEqual(faults, []);
  }

  it('files are added to a ticket and taken from it as they were; what is not taken is said in words', async () => {
    const { id } = await desk.ticket({}, 'dispatch', 'acknowledge');
    const page = await at('agent1000', `/tickets/${id}`);
    const files = page.getByRole('region', { name: '附件' });
    const picker = files.locator('input[type="file"]');
    await files.getByText('没有附件').waitFor();
    await picker.setInputFiles([{ name: '现场照片.png', mimeType: 'image/png', buffer: png(1, 40_000) }]);
    await files.getByRole('link', { name: /现场照片\.png/ }).waitFor();
    // What it is is in its bytes, whatever it is called.
    await picker.setInputFiles([
      { name: '网页.png', mimeType: 'image/png', buffer: Buffer.from('<svg onload=alert(1)>') },
      { name: '录像.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(10 * 1024 * 1024 + 1) },
      { name: '又一份.png', mimeType: 'image/png', buffer: png(1, 40_000) },
    ]);
    const refusal = files.getByRole('alert');
    await refusal.getByText('只接收图片、PDF、MP4、WAV和办公文档').waitFor();
    await refusal.getByText('录像.mp4 超过 10 MiB').waitFor();
    await refusal.getByText('该附件已在工单中').waitFor();
    assert.match(await refusal.textContent(), /第12条/);

    const unit = await at('unit_handler', `/unit/${id}?view=handle`);
    const theirs = unit.getByRole('region', { name: '附件' });
    await theirs.getByRole('link', { name: /现场照片\.png/ }).waitFor();
    const handed = await unit.evaluateHandle((bytes) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], '修复后照片.png', { type: 'image/png' }));
      return data;
    }, [...png(2)]);
    await theirs.locator('.add').dispatchEvent('drop', { dataTransfer: handed });
    const link = theirs.getByRole('link', { name: /修复后照片\.png/ });
    await link.waitFor();
    await theirs.getByText('城管局承办员 李强').first().waitFor();
    const [download] = await Promise.all([unit.waitForEvent('download'), theirs.getByRole('link', { name: /现场照片\.png/ }).click()]);
    assert.deepEqual(readFileSync(await download.path()), png(1, 40_000));
    await clean(unit);

    // The desk reads it too.
    await page.reload();
    await files.getByRole('link', { name: /修复后照片\.png/ }).waitFor();
    await page.getByText('添加附件').first().waitFor();
    await files.scrollIntoViewIfNeeded();
    await picture(page, 'attachments');
    await clean(page);
    const trail = await (await signIn(hotline.http, 'auditor'))('GET', '/api/v1/audit?action=attachment_taken');
    assert.equal(trail.items[0].by, 'unit_handler');
    assert.equal(trail.items[0].detail.ticket, id);
  });

  it('a unit hands its work down to a unit below, which replies; nobody else is offered', async () => {
    const { id } = await desk.ticket({ title: '绿化带积水' }, 'dispatch', 'acknowledge');
    const page = await at('unit_handler', `/unit/${id}?view=handle`);
    await press(page, '交下属单位');
    await page.locator('[data-field="unit"] input').first().click();
    await page.getByRole('option', { name: '玄武区城市管理局', exact: true }).waitFor();
    assert.equal(await page.locator('.el-select-dropdown').getByRole('option').count(), 1);
    await page.getByRole('option', { name: '玄武区城市管理局', exact: true }).click();
    await submit(page, '交下属单位');
    await page.locator('.units').getByText('→ 交由 玄武区城市管理局 办理').waitFor();

    const below = await at('xw_handler', '/unit?view=handle');
    await below.getByRole('link', { name: /^\d{8}/ }).first().click();
    await press(below, '答复');
    await write(below, 'text', '11 月 28 日已疏通排水口，责任人顾远。');
    await write(below, 'no_contact_reason', '诉求人要求不再联系。');
    await submit(below, '答复');
    const ticket = await (await signIn(hotline.http, 'team_lead'))('GET', `/api/v1/tickets/${id}`);
    assert.equal(ticket.stage, 'replied');
    assert.equal(ticket.unit, UNIT, 'the unit that was assigned answers for it');
  });

  it('a doubt about scope goes to a superior, who decides; the petitioner is told', async () => {
    const { id } = await desk.ticket({ title: '邻里相邻权纠纷' });
    const agent = await at('agent1000', `/tickets/${id}`);
    await press(agent, '请示上级');
    await write(agent, 'question', '相邻权纠纷是否属于受理范围？');
    await submit(agent, '请示上级');
    const intake = agent.getByRole('region', { name: '受理与身份' });
    await intake.getByText(/\d\d:\d\d 前批复/).waitFor();

    const lead = await at('team_lead', `/tickets/${id}`);
    await press(lead, '批复请示');
    await choose(lead, '不属于受理范围');
    await write(lead, 'decision', '引导至人民调解。');
    await submit(lead, '批复请示');

    await agent.reload();
    await intake.getByText('引导至人民调解。').waitFor();
    await press(agent, '告知诉求人');
    await write(agent, 'how', '电话告知');
    await submit(agent, '告知诉求人');
    await intake.getByText(/电话告知/).waitFor();
    // By name, not by what they sign in with.
    assert.ok(!(await intake.textContent()).includes('team_lead'));
    const { items } = await (await signIn(hotline.http, 'team_lead'))('GET', `/api/v1/tickets/${id}/events`);
    assert.deepEqual(items.slice(-3).map(({ name }) => name), ['reported', 'report_decided', 'petitioner_notified']);
  });

  it('an identity is seen whole for a purpose only, and that is on record', async () => {
    const { id } = await desk.ticket({ title: '社保缴费查询' });
    const agent = await at('agent1000', `/tickets/${id}`);
    await press(agent, '实名登记');
    await write(agent, 'identity.id_number', '11010519491231002X');
    await submit(agent, '实名登记');
    const intake = agent.getByRole('region', { name: '受理与身份' });
    await intake.getByText(/^1101\*+/).or(intake.getByText(/\*{4,}/)).first().waitFor();
    assert.ok(!(await intake.textContent()).includes('11010519491231002X'));
    await press(agent, '查看全部信息');
    const asks = agent.locator('form.unmask');
    assert.ok(await asks.getByRole('button', { name: '查看全部信息' }).isDisabled(), 'not without a purpose');
    await asks.locator('input').fill('与人社系统核对参保人');
    await asks.getByRole('button', { name: '查看全部信息' }).click();
    await intake.getByText('11010519491231002X').waitFor();
    const trail = await (await signIn(hotline.http, 'auditor'))('GET', '/api/v1/audit?action=unmasked');
    assert.deepEqual([trail.items[0].by, trail.items[0].detail.purpose], ['agent1000', '与人社系统核对参保人']);
    // A reload shows it masked again.
    await agent.reload();
    await intake.waitFor();
    assert.ok(!(await intake.textContent()).includes('11010519491231002X'));
  });

  it('a ticket that was merged wrongly is split off, with a reason, and goes on by itself', async () => {
    const [first, second, third] = await Promise.all(['东门路灯不亮', '东门外路灯坏了', '东门窨井盖松动'].map((title) => desk.ticket({ title })));
    const lead = await signIn(hotline.http, 'team_lead');
    const matter = await lead('POST', '/api/v1/clusters', { title: '东门路灯', kind: 'same_event', lead: first.id, members: [first.id, second.id, third.id] });
    const page = await at('supervisor', `/clusters/${matter.id}`);
    const members = page.getByRole('region', { name: '成员工单' });
    await members.getByRole('listitem').nth(2).waitFor();
    await press(page, `拆出 ${third.number}`);
    await write(page, 'reason', '窨井盖属市政设施，与路灯不是同一事件。');
    await clean(page);
    await submit(page, `拆出 ${third.number}`);
    await until(async () => (await members.getByRole('listitem').count()) === 2, () => 'two are left');
    assert.ok(!(await members.textContent()).includes('窨井盖'));
    const { items } = await lead('GET', `/api/v1/clusters?ticket=${third.id}&open=true`);
    assert.deepEqual(items, []);
    assert.equal((await lead('GET', `/api/v1/tickets/${third.id}`)).stage, 'registered');
  });

  it('a case is given to an owner by name', async () => {
    const { id } = await desk.ticket({ title: '工地夜间施工' }, 'dispatch');
    const opened = await (await signIn(hotline.http, 'supervisor'))('POST', '/api/v1/supervision', { ticket: id, level: 'urge', reason: '多次来电' });
    const page = await at('supervisor', `/oversight/${opened.id}`);
    await press(page, '指定督办人');
    await page.locator('#case-assign-owner').selectOption({ label: '督办主任 何清 · 江苏12345' });
    await submit(page, '指定督办人');
    await page.locator('.head').getByText('督办人 督办主任 何清').waitFor();
    await clean(page);
  });

  it('what a unit lacked goes into the ledger; who recorded it does not decide', async () => {
    const page = await at('supervisor', '/accountability?part=unmet');
    const rows = page.locator('tbody tr');
    await until(async () => {
      await page.reload();
      await page.locator('tbody tr, .none').first().waitFor();
      return (await rows.count()) > 0;
    }, () => 'unmet duties are listed', 30_000);
    await clean(page);
    const unit = await rows.first().locator('td').nth(1).textContent();
    await rows.first().getByRole('button').click();
    await page.getByRole('form', { name: '登记台账' }).waitFor();
    assert.ok(await page.getByRole('radio', { name: '履行第七条职责不到位' }).isChecked());
    assert.match(await page.locator('#entry-record-facts').inputValue(), new RegExp(unit));
    await write(page, 'ticket', '20200101-999999');
    await write(page, 'person', '李某 科长');
    await write(page, 'leaders', '王某 局长、赵某 副局长');
    await write(page, 'evidence', '2026 年第四季度履职检查记录');
    await page.getByRole('form', { name: '登记台账' }).getByRole('button', { name: '提交' }).click();
    await page.getByRole('alert').getByText('没有编号为 20200101-999999 的工单').waitFor();
    await write(page, 'ticket', '');
    await submit(page, '登记台账');
    await page.getByText('由您登记，应由另一名督办人员审批。').waitFor();
    await clean(page);

    const other = await at('supervisor2', '/accountability');
    await other.getByText('王某 局长、赵某 副局长').waitFor();
    await press(other, '审批');
    await choose(other, '同意');
    await write(other, 'reason', '事实清楚，予以认定。');
    await submit(other, '审批');
    await other.locator('.list .tag', { hasText: '已认定' }).waitFor();
    await other.getByRole('region', { name: '全过程记录' }).getByText('督办主任 何清').waitFor();
    await picture(other, 'accountability');
    await other.goto(`${hotline.http}/accountability?part=facts`);
    await other.getByRole('heading', { name: '问责' }).waitFor();
    await clean(other);
    // The auditor reads all of it, and writes nothing.
    const auditor = await at('auditor', '/accountability');
    await auditor.getByText('事实清楚，予以认定。').waitFor();
    assert.equal(await auditor.getByRole('button', { name: '登记台账' }).count(), 0);
  });

  it('a ticket is held by its number, and the hold lifted with a reason', async () => {
    const { number } = await desk.ticket({ title: '投诉录音存证' });
    const page = await at('supervisor', '/archives');
    await press(page, '设置留存');
    await write(page, 'which', '20200101-999999');
    await write(page, 'reason', '诉讼保全');
    await page.getByRole('form', { name: '设置留存' }).getByRole('button', { name: '提交' }).click();
    await page.getByRole('alert').getByText(/没有找到 20200101-999999/).waitFor();
    await write(page, 'which', number);
    await submit(page, '设置留存');
    await page.locator('.list').getByText('诉讼保全').waitFor();
    await clean(page);
    await press(page, '解除留存');
    await write(page, 'reason', '案件已结');
    await submit(page, '解除留存');
    await page.getByText('没有留存事项').first().waitFor();
    const { items } = await (await signIn(hotline.http, 'auditor'))('GET', '/api/v1/holds');
    assert.deepEqual([items[0].lift_reason, items[0].names.supervisor], ['案件已结', '值班主任 吴敏']);
  });

  it('an archive is taken for a purpose, held against its own hashes, and the auditor knows of it', async () => {
    const { number } = await desk.ticket({ title: '归档样例' }, 'dispatch', 'acknowledge', 'reply', 'review');
    const page = await at('supervisor', '/archives?part=make');
    const form = page.getByRole('form', { name: '导出档案' });
    await write(page, 'numbers', `${number}、20200101-999999`);
    await write(page, 'purpose', '移交市档案馆');
    await form.getByRole('button', { name: '提交' }).click();
    await form.getByRole('alert').waitFor();
    await write(page, 'numbers', number);
    await form.getByRole('button', { name: '提交' }).click();
    const verdict = page.getByRole('region', { name: '核对档案' });
    await verdict.getByText('档案完整，内容与清单一致').waitFor();
    await verdict.getByText(number).waitFor();
    await picture(page, 'archives');
    await clean(page);
    const [download] = await Promise.all([page.waitForEvent('download'), verdict.getByRole('link', { name: /保存 hotline-archive-\d{8}\.tar/ }).click()]);
    const tar = readFileSync(await download.path());
    // One letter of it is another: somebody changed a file, or a disk did.
    const at_ = tar.indexOf('归档样例');
    assert.ok(at_ > 0);
    tar[at_] ^= 1;
    await verdict.locator('input[type="file"]').setInputFiles({ name: 'changed.tar', mimeType: 'application/x-tar', buffer: tar });
    await verdict.getByText('档案有问题').waitFor();
    await verdict.getByText('文件被改动').first().waitFor();
    await clean(page);

    const auditor = await at('auditor', '/archives?part=taken');
    await auditor.getByRole('row', { name: new RegExp(`移交市档案馆.*${number}`) }).waitFor();
    await clean(auditor);
  });

  it('the joint conference takes an item up, decides, closes it with evidence, and somebody else checks', async () => {
    const { id, number } = await desk.ticket({ title: '跨区河道污染' });
    const [lead, member] = [await desk.ticket({ title: '河道油污' }), await desk.ticket({ title: '河面有油污' })];
    const office = await signIn(hotline.http, 'supervisor');
    await office('POST', '/api/v1/clusters', { title: '河道油污事件', kind: 'same_event', lead: lead.id, members: [member.id] });
    const page = await at('supervisor', '/conference');
    await press(page, '列入议题');
    await write(page, 'agenda', '跨区河道治理责任划分');
    await write(page, 'held_at', '2026-11-30T09:30');
    await write(page, 'tickets', number);
    await submit(page, '列入议题');
    await press(page, '记录决定');
    await write(page, 'decision', '由市城管局牵头清理。');
    await pick(page, 'unit', '南京市城市管理局');
    await write(page, 'due', '2020-01-01T18:00');
    await page.getByRole('form', { name: '记录决定' }).getByRole('button', { name: '提交' }).click();
    await page.getByRole('alert').getByText('完成期限应晚于现在').waitFor();
    await write(page, 'due', '2099-12-31T18:00');
    await submit(page, '记录决定');
    await page.getByText('2099-12-31 18:00:00').waitFor();
    await page.getByRole('link', { name: number, exact: true }).waitFor();
    await press(page, '关联事件');
    await page.locator('[data-field="cluster"] select').selectOption({ label: '河道油污事件' });
    await submit(page, '关联事件');
    await page.getByRole('link', { name: '河道油污事件' }).waitFor();
    await clean(page);
    // From a ticket it names, and from one of the event's tickets.
    for (const ticket of [id, member.id]) {
      await page.goto(`${hotline.http}/tickets/${ticket}`);
      await page.locator('[data-testid="linked-items"]').getByRole('link', { name: '跨区河道治理责任划分' }).click();
      await page.getByRole('link', { name: '仅看该工单的议题' }).waitFor();
      await page.getByRole('heading', { name: '跨区河道治理责任划分' }).waitFor();
    }
    await page.getByRole('link', { name: '仅看该工单的议题' }).click();
    await press(page, '办结');
    await write(page, 'evidence', '清理验收单');
    await submit(page, '办结');
    await page.getByText('由您办结，应由另一名督办人员监督检查。').waitFor();

    const other = await at('supervisor2', '/conference?list=closed');
    await press(other, '监督检查');
    await choose(other, '已落实');
    await write(other, 'finding', '现场复核一致');
    await submit(other, '监督检查');
    await other.goto(`${hotline.http}/conference?list=checked`);
    await other.getByText(/已落实: 现场复核一致 · 督办主任 何清/).waitFor();
    await picture(other, 'conference');
    await clean(other);
    await other.goto(`${hotline.http}/conference?list=members`);
    await other.getByRole('cell', { name: '王建国' }).waitFor();
    await clean(other);
    // A new head from a day on is a new line; the former one is there when asked for.
    const admin = await signIn(hotline.http, 'admin');
    await admin('POST', '/api/v1/organisation/apply', { toml: `[[conference_member]]\nunit = "${UNIT}"\nhead = "陆海"\ntitle = "局长"\nfrom = "2026-01-01"` });
    await other.reload();
    await other.getByRole('row', { name: /陆海.*2026-01-01/ }).waitFor();
    assert.equal(await other.getByRole('cell', { name: '王建国' }).count(), 0);
    await other.getByText('显示历任负责人').click();
    await other.getByRole('row', { name: /王建国.*2024-01-01.*2026-01-01/ }).waitFor();
    await picture(other, 'conference-members');
  });

  it('sources and special channels are read beside the rules', async () => {
    const page = await at('supervisor', '/rules?part=profiles');
    await page.getByRole('cell', { name: /国家政务服务平台/ }).waitFor();
    await page.getByRole('cell', { name: /营商环境投诉举报通道/ }).waitFor();
    await picture(page, 'profiles');
    await clean(page);
  });

  it('ran without a fault in any page', () => {
    assert.deepEqual(browser.faults, []);
  });
});
