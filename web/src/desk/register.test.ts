import { describe, expect, it } from 'vitest';

import { demandOf, emptyArrival, ticketOf, wanting, type Arrival } from './register';

const letter = (change: Partial<Arrival>): Arrival => ({ ...emptyArrival(), name: '王小明', title: '路灯不亮', content: '三盏路灯不亮', ...change });

describe('what came without a call', () => {
  it('from nowhere is a ticket, and from a system one with an origin', () => {
    expect(ticketOf(letter({ phone: ' ' }))).toEqual({ title: '路灯不亮', content: '三盏路灯不亮', kind: 'help_request', petitioner: { name: '王小明', phone: null, applicant: 'person', secrecy: false }, address: null, category: null });
    const demand = demandOf(letter({ system: 'web', origin_id: ' L-7 ', channel: 'letter', received_at: '2026-03-02T09:30', id_number: '11010519491231002X' }), 'provincial_service');
    expect(demand).toMatchObject({ system: 'web', origin_id: 'L-7', channel: 'letter', service: 'inquiry', received_at: '2026-03-02T09:30:00+08:00', petitioner: { identity: { id_kind: 'resident_id' } } });
    expect(demand).not.toHaveProperty('issuer');
    expect(demandOf(letter({ system: 'nj-12345', origin_id: '1' }), 'cross_city')).not.toHaveProperty('service');
  });

  it('says what is missing, and what its source asks for', () => {
    expect(wanting(letter({}), '')).toEqual([]);
    expect(wanting(letter({ system: 'szfb', title: ' ' }), 'assigned_task')).toEqual(['origin_id', 'issuer', 'document', 'title']);
    expect(wanting(letter({ id_number: '110105194912310021' }), '')).toEqual(['id_number']);
  });
});
