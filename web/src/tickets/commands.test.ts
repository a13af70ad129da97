import { describe, expect, it } from 'vitest';

import { bodyOf, FORMS, missing } from './commands';

describe('a form', () => {
  it('sends what was written, nested as the server reads it, and nothing that was left empty', () => {
    const body = bodyOf({ title: ' 路灯不亮 ', 'petitioner.name': '王', 'petitioner.phone': '', 'petitioner.secrecy': false, address: '', co_handlers: [] });
    expect(body).toEqual({ title: '路灯不亮', petitioner: { name: '王', secrecy: false } });
  });

  it('says what is missing before the server has to', () => {
    const fields = FORMS['send_back'] ?? [];
    expect(missing(fields, { basis: '不属本单位', suggestion: '  ' })).toEqual(['suggestion']);
    expect(missing(FORMS['decide_extension'] ?? [], { granted: false, reason: '理由不足' })).toEqual([]);
  });
});
