import { describe, expect, it } from 'vitest';

import { emptyForm, keptOf, missing, stepsOf, type Form, type Known } from './form';

const KNOWN: Known = { unit_of: () => 'nj-cgj', call: 'c-1', field_of: (category) => (category === '010101' ? '城市管理' : '') };
const filled = (change: Partial<Form>): Form => ({ ...emptyForm('13812345678'), name: '王小明', title: '路灯不亮', content: '三盏路灯不亮', lead: 'nj-cgj', ...change });
const commands = (form: Form, stage = 'draft') => stepsOf(form, stage, KNOWN).map((step) => step.command);

describe("an agent's form", () => {
  it('is registered, identified and coded before it is dispatched', () => {
    const form = filled({ category: '010101', id_number: '11010519491231002X' });
    expect(commands(form)).toEqual(['register', 'identify', 'classify', 'dispatch', 'dispose']);
    const classify = stepsOf(form, 'draft', KNOWN).find((step) => step.command === 'classify');
    expect(classify?.body).toEqual({ category: '010101', field: '城市管理' });
  });

  it('does not wish again what is behind it', () => {
    expect(commands(filled({}), 'dispatched')).toEqual(['dispose']);
  });

  it('refuses a demand on its ground, with all that the ground needs and no more', () => {
    const form = filled({ disposition: 'refused', ground: 'outside_jiangsu', ground_details: { 'ground.hotline': ' 0551-12345 ', 'ground.service': '119' }, explanation: '不属江苏管辖' });
    // What was asked is registered first: a refusal of nothing cannot be reviewed.
    expect(commands(form)).toEqual(['register', 'refuse', 'dispose']);
    expect(stepsOf(form, 'draft', KNOWN)[1]).toEqual({ of: 'ticket', command: 'refuse', body: { ground: { code: 'outside_jiangsu', hotline: '0551-12345' }, explanation: '不属江苏管辖' } });
    expect(missing(form)).toEqual([]);
  });

  it('passes a demand on to another platform, with the call it came by', () => {
    const form = filled({ disposition: 'passed_on', partner: 'sh-12345', pass_reason: ' 事发地在上海 ' });
    expect(missing(filled({ disposition: 'passed_on' }))).toEqual(['partner', 'pass_reason']);
    expect(commands(form)).toEqual(['register', 'pass_on', 'dispose']);
    expect(stepsOf(form, 'draft', KNOWN)[1]?.body).toEqual({ partner: 'sh-12345', reason: '事发地在上海', call: 'c-1' });
    expect(stepsOf(form, 'draft', KNOWN)[2]?.body).toEqual({ disposition: { code: 'dispatched' } });
  });

  it('names a firm beside the person who speaks for it, and alone', () => {
    const firm = { applicant: 'enterprise', credit_code: '91350100M000100Y43' } as const;
    const named = (form: Form) => stepsOf(form, 'draft', KNOWN).find((step) => step.command === 'identify')?.body;
    expect(named(filled(firm))).toEqual({ identity: { id_kind: 'credit_code', id_number: '91350100M000100Y43' } });
    expect(named(filled({ ...firm, id_number: '11010519491231002X' }))).toHaveProperty('legal_person.id_kind', 'credit_code');
    expect(missing(filled({ ...firm, credit_code: '913' }))).toEqual(['credit_code']);
    const petitioner = (form: Form) => stepsOf(form, 'draft', KNOWN)[0]?.body['petitioner'];
    expect(petitioner(filled({ ...firm, firm: ' 苏鲜餐饮有限公司 ' }))).toHaveProperty('firm', '苏鲜餐饮有限公司');
    expect(petitioner(filled({ applicant: 'person', firm: '苏鲜餐饮有限公司' }))).not.toHaveProperty('firm');
  });

  it('says that it cannot wait, and by which call three spoke', () => {
    const body = (form: Form, command: string) => stepsOf(form, 'draft', KNOWN).find((step) => step.command === command)?.body;
    expect(body(filled({ urgent: true }), 'dispatch')).toHaveProperty('urgent', true);
    expect(body(filled({}), 'dispatch')).not.toHaveProperty('urgent');
    expect(body(filled({ disposition: 'three_way', specialist: '城管专席', answer: '已答复' }), 'note_three_way')).toHaveProperty('call', 'c-1');
  });

  it('wants a category first where the rules do, of what is disposed of', () => {
    expect(missing(filled({}), { coded_first: true })).toEqual(['category']);
    expect(missing(filled({ category: '010301' }), { coded_first: true })).toEqual([]);
    expect(missing(filled({ disposition: 'no_demand' }), { coded_first: true })).toEqual([]);
    expect(missing(filled({ disposition: 'answered_on_call', answer: '已解答' }), { coded_first: true })).toEqual(['category']);
  });

  it("asks what the desk's own form requires, and sends what was filled in", () => {
    const asked = { required: ['area'] };
    expect(missing(filled({}), asked)).toEqual(['fields']);
    const form = filled({ fields: { area: ' 玄武 ', estate: ' ' } });
    expect(missing(form, asked)).toEqual([]);
    expect(stepsOf(form, 'draft', KNOWN)[0]?.body['fields']).toEqual({ area: '玄武' });
    expect(stepsOf(filled({}), 'draft', KNOWN)[0]?.body).not.toHaveProperty('fields');
  });

  it('says what a ground still needs', () => {
    const form = filled({ disposition: 'refused', ground: 'secret', explanation: '涉及个人隐私' });
    expect(missing(form)).toEqual(['ground_details']);
    expect(missing({ ...form, ground_details: { 'ground.kind': 'privacy' } })).toEqual([]);
    expect(missing({ ...form, ground: '' })).toEqual(['ground']);
  });

  it('leaves no identity number lying on the desk', () => {
    expect(JSON.stringify(keptOf(filled({ id_number: '11010519491231002X', credit_code: '91350100M000100Y43' })))).not.toMatch(/1949|9135/);
  });
});
