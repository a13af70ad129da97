import { describe, expect, it } from 'vitest';

import { endsOf, fieldsOf, lacksOf, stepsUp, waitsFor, wishesOf, type Case, type CaseView, type Level, type Rung } from './cases';

const rung = (level: Level, change: Partial<Rung> = {}): Rung => ({ level, at: '2026-11-27T09:00:00+08:00', by: 'wu', reason: '', notice: 1, due: '2026-11-28T18:00:00+08:00', lapsed: false, received: null, answers: [], ...change });
const RECEIVED = { at: '2026-11-27T10:00:00+08:00', by: 'li' };
const answer = (verdict: string | null) => ({ at: '', by: 'li', text: '已办', judged: verdict === null ? null : { at: '', by: 'wu', verdict, remark: '' } });

function view(level: Level, change: Partial<Case> = {}, outer: Partial<CaseView> = {}): CaseView {
  const inner: Case = { cause: { rule: null, reason: '' }, rungs: [rung(level)], meetings: [], proposals: [], measures: [], closed: null, ...change };
  return { open: true, owner: 'wu', level, unit: 'nj-cgj', case: inner, ...outer } as unknown as CaseView;
}

const SUPERVISOR = { role: 'supervisor', username: 'wu', unit: 'js-12345' } as const;
const LEAD = { role: 'team_lead', username: 'zhou', unit: 'js-12345' } as const;
const HANDLER = { role: 'unit_handler', username: 'li', unit: 'nj-cgj' } as const;

describe('a case of supervision', () => {
  it('waits for one thing after the other: receipt, answer, verdict, closing', () => {
    const urged = (change: Partial<Rung>) => view('urge', { rungs: [rung('urge', change)] });
    expect(waitsFor(urged({}))).toBe('receipt');
    expect(waitsFor(urged({ received: RECEIVED }))).toBe('answer');
    expect(waitsFor(urged({ received: RECEIVED, answers: [answer(null)] }))).toBe('judgement');
    expect(waitsFor(urged({ received: RECEIVED, answers: [answer('insufficient')] }))).toBe('answer');
    expect(waitsFor(urged({ received: RECEIVED, answers: [answer('accepted')] }))).toBe('closing');
  });

  it('opened by a rule waits for somebody to answer for it', () => {
    expect(waitsFor(view('recheck', {}, { owner: null }))).toBe('owner');
    expect(wishesOf(view('recheck', {}, { owner: null }), SUPERVISOR)[0]).toBe('take');
  });

  it('is received before it is answered, by the unit it asks and no other', () => {
    expect(wishesOf(view('urge'), HANDLER)).toEqual(['receive']);
    const received = view('urge', { rungs: [rung('urge', { received: RECEIVED })] });
    expect(wishesOf(received, HANDLER)).toEqual(['answer']);
    expect(wishesOf(received, { ...HANDLER, unit: 'nj-rsj' })).toEqual([]);
    expect(wishesOf(view('track', { rungs: [rung('track', { notice: null })] }), HANDLER)).toEqual([]);
  });

  it('goes up only, and a team lead no further than urging', () => {
    expect(stepsUp(view('urge'), 'supervisor')).toEqual(['recheck', 'supervise', 'coordinate']);
    expect(stepsUp(view('urge'), 'team_lead')).toEqual([]);
    expect(stepsUp(view('track'), 'team_lead')).toEqual(['urge']);
  });

  it("is judged and closed by a team lead where it is theirs, by a supervisor in any case", () => {
    const waiting = view('urge', { rungs: [rung('urge', { received: RECEIVED, answers: [answer(null)] })] });
    expect(wishesOf(waiting, LEAD)).toEqual(['take', 'assign']);
    expect(wishesOf({ ...waiting, owner: 'zhou' }, LEAD)).toEqual(['judge', 'close', 'assign']);
    expect(wishesOf(waiting, SUPERVISOR)).toContain('judge');
  });

  it('closes as resolved after an accepted answer only, and as unfounded after a recheck only', () => {
    expect(endsOf(view('supervise'))).toEqual(['to_accountability']);
    const accepted = (level: Level) => view(level, { rungs: [rung(level, { received: RECEIVED, answers: [answer('accepted')] })] });
    expect(endsOf(accepted('supervise'))).toEqual(['resolved', 'to_accountability']);
    expect(endsOf(accepted('recheck'))).toContain('unfounded');
    expect(endsOf(view('coordinate'))).toEqual([]);
  });

  it('does not close while a measure waits for a decision', () => {
    const proposals = [{ at: '', by: null, trigger: 'still_inactive', reason: '', settled: null }];
    const open = view('supervise', { proposals });
    expect(waitsFor(open)).toBe('decision');
    expect(wishesOf(open, SUPERVISOR)).not.toContain('close');
  });

  it('asks for what was found from a recheck upwards, and for a reason of a verdict against the unit', () => {
    const keys = (level: Level) => fieldsOf('close', view(level), 'supervisor')?.map((field) => field.key);
    expect(keys('urge')).not.toContain('finding');
    expect(keys('recheck')).toContain('finding');
    expect(lacksOf('judge', { verdict: 'evasive' })).toEqual(['remark']);
    expect(lacksOf('judge', { verdict: 'accepted' })).toEqual([]);
  });
});
