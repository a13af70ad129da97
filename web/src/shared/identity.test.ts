import { describe, expect, it } from 'vitest';

import { badNumbers, isCreditCode, isResidentId, realNameOf, type Named } from './identity';

const named = (change: Partial<Named>): Named => ({ applicant: 'person', id_kind: 'resident_id', id_number: '', credit_code: '', ...change });

describe('a number', () => {
  it('of a resident has its check digit', () => {
    expect(isResidentId('11010519491231002X')).toBe(true);
    expect(isResidentId(' 11010519491231002x ')).toBe(true);
    expect(isResidentId('110105194912310021')).toBe(false);
    expect(isResidentId('11010519491231002')).toBe(false);
  });

  it('of a firm has its check sign', () => {
    expect(isCreditCode('91350100M000100Y43')).toBe(true);
    expect(isCreditCode('91350100M000100Y44')).toBe(false);
    expect(isCreditCode('91350100I000100Y43')).toBe(false);
  });

  it('of a firm goes with the person who speaks for it, or stands alone', () => {
    const firm = { applicant: 'enterprise', credit_code: '91350100M000100Y43' } as const;
    expect(realNameOf(named({}))).toBeNull();
    expect(realNameOf(named(firm))).toEqual({ identity: { id_kind: 'credit_code', id_number: '91350100M000100Y43' } });
    expect(realNameOf(named({ ...firm, id_number: '11010519491231002x' }))).toEqual({
      identity: { id_kind: 'resident_id', id_number: '11010519491231002X' },
      legal_person: { id_kind: 'credit_code', id_number: '91350100M000100Y43' },
    });
    // A person is no firm, whatever stood in the field before.
    expect(realNameOf(named({ credit_code: '91350100M000100Y43' }))).toBeNull();
  });

  it('that cannot be right is named', () => {
    expect(badNumbers(named({ id_number: '123' }))).toEqual(['id_number']);
    expect(badNumbers(named({ id_kind: 'passport', id_number: 'E12345678' }))).toEqual([]);
    expect(badNumbers(named({ applicant: 'enterprise', credit_code: '1' }))).toEqual(['credit_code']);
  });
});
