import { describe, expect, it } from 'vitest';

import { carriable, joinable, maySplit, type Suggestion } from './cluster';

describe('a cluster', () => {
  it('offers to carry what at least one member could grant', () => {
    expect(carriable('team_lead', ['registered', 'dispatched'])).toEqual(['dispatch']);
    expect(carriable('team_lead', ['dispatched'])).toEqual([]);
    expect(carriable('unit_handler', ['dispatched', 'handling'])).toEqual(['acknowledge', 'reply']);
    expect(carriable('reviewer', ['replied'])).toEqual(['review']);
    expect(carriable('auditor', ['registered'])).toEqual([]);
  });

  it('is taken apart by coordinators only', () => {
    expect(maySplit('agent')).toBe(false);
    expect(maySplit('supervisor')).toBe(true);
  });

  it('does not offer what belongs to it already, or to another matter', () => {
    const one = (ticket_id: string, cluster_id: string | null) => ({ ticket_id, cluster_id }) as Suggestion;
    const found = joinable([one('a', 'here'), one('b', null), one('c', 'there')], ['a'], 'here');
    expect(found.map(({ ticket_id }) => ticket_id)).toEqual(['b']);
  });
});
