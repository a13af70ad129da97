/** What a supervisor should look at now. Each alarm follows from numbers of the server, and says which. */
import type { Schemas } from '../api/client';

export interface Alarm {
  code: string;
  level: 'watch' | 'serious';
  count: number | string;
}

export function alarmsOf(board: Schemas['Board'] | null, figures: Schemas['KpisView'] | null, lists: readonly Schemas['CounterView'][]): Alarm[] {
  const alarms: Alarm[] = [];
  if (board !== null && board.waiting > 0 && board.ready === 0) alarms.push({ code: 'nobody_ready', level: 'serious', count: board.waiting });
  else if (board !== null && board.waiting > 0) alarms.push({ code: 'waiting', level: 'watch', count: board.waiting });
  for (const kpi of figures?.kpis ?? []) {
    const { target, value } = kpi;
    if (typeof target === 'number' && typeof value === 'number' && value < target) alarms.push({ code: 'below_target', level: 'serious', count: `${(value * 100).toFixed(1)}%` });
  }
  const waits = new Map(lists.map((list) => [list.view, list.tickets]));
  const of = (view: string, code: string, level: Alarm['level']): void => {
    const count = waits.get(view) ?? 0;
    if (count > 0) alarms.push({ code, level, count });
  };
  // Somebody may be on the line: a superior has half an hour.
  of('decide_report', 'decide_report', 'serious');
  of('overdue', 'overdue', 'serious');
  of('due_soon', 'due_soon', 'watch');
  of('rectify', 'rectify', 'watch');
  // A number may not stay flagged because nobody looked.
  of('flag_reviews', 'flag_reviews', 'watch');
  return alarms;
}
