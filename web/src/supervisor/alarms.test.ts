import { describe, expect, it } from 'vitest';

import { alarmsOf } from './alarms';

const board = { waiting: 3, talking: 0, ready: 0, present: 2, calls: [], agents: [] };

describe('alarms', () => {
  it('are silent when nothing is known and when nothing is wrong', () => {
    expect(alarmsOf(null, null, [])).toEqual([]);
    expect(alarmsOf({ ...board, waiting: 0 }, null, [{ view: 'overdue', tickets: 0 }])).toEqual([]);
  });

  it('say that citizens wait and nobody can take them, and what is overdue', () => {
    const alarms = alarmsOf(board, null, [{ view: 'overdue', tickets: 2 }]);
    expect(alarms.map((alarm) => [alarm.code, alarm.count])).toEqual([
      ['nobody_ready', 3],
      ['overdue', 2],
    ]);
    expect(alarmsOf(null, null, [{ view: 'flag_reviews', tickets: 1 }]).map((alarm) => alarm.code)).toEqual(['flag_reviews']);
  });
});
