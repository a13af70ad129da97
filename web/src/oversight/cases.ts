/**
 * What a case of supervision is made of (`src/domain/supervision/case.rs`), what it waits for, and which wishes a person's post
 * includes. The server's rules decide; this only keeps buttons away that could not succeed.
 */
import type { Schemas } from '../api/client';
import type { Role } from '../app/roles';
import type { Field, Values } from '../tickets/commands';

export type CaseView = Schemas['CaseView'];

/** The ladder, lowest first. */
export const LADDER = ['track', 'urge', 'recheck', 'supervise', 'coordinate', 'account'] as const;
export type Level = (typeof LADDER)[number];

interface Said {
  at: string;
  by: string;
}

export interface Answer extends Said {
  text: string;
  judged: (Said & { verdict: string; remark: string }) | null;
}

export interface Rung {
  level: Level;
  at: string;
  by: string | null;
  reason: string;
  notice: number | null;
  due: string;
  lapsed: boolean;
  received: Said | null;
  answers: Answer[];
}

export interface Meeting extends Said {
  attendees: string[];
  minutes: string;
  lead: string | null;
  rebound_at: string | null;
}

export interface Proposal {
  at: string;
  by: string | null;
  trigger: string;
  reason: string;
  settled: (Said & { confirmed: boolean; reason: string }) | null;
}

export interface Case {
  cause: { rule: string | null; reason: string };
  rungs: Rung[];
  meetings: Meeting[];
  proposals: Proposal[];
  measures: (Said & { kind: string; notice: number; addressee: string; text: string; proposal: number })[];
  closed: { at: string; by: string | null; outcome: string; evidence: string; finding: string | null } | null;
}

export function inside(view: CaseView): Case {
  return view.case as unknown as Case;
}

function present(view: CaseView): Rung | undefined {
  return inside(view).rungs.at(-1);
}

/** The unit's last word on the present step. */
function lastAnswer(view: CaseView): Answer | undefined {
  return present(view)?.answers.at(-1);
}

/** Whether the unit still owes one. */
function awaitsAnswer(view: CaseView): boolean {
  const answer = lastAnswer(view);
  return answer === undefined || (answer.judged !== null && answer.judged.verdict !== 'accepted');
}

function isAnswered(view: CaseView): boolean {
  return lastAnswer(view)?.judged?.verdict === 'accepted';
}

export type Waits = 'closed' | 'decision' | 'owner' | 'watching' | 'receipt' | 'answer' | 'judgement' | 'meeting' | 'rebinding' | 'closing';

/** The one thing a case waits for. */
export function waitsFor(view: CaseView): Waits {
  const { proposals, meetings } = inside(view);
  const rung = present(view);
  if (!view.open || rung === undefined) return 'closed';
  if (proposals.some((proposal) => proposal.settled === null)) return 'decision';
  if (!view.owner) return 'owner';
  switch (rung.level) {
    case 'track':
      return 'watching';
    case 'account':
      return 'closing';
    case 'coordinate': {
      const last = meetings.at(-1);
      if (last?.rebound_at) return 'closing';
      return last?.lead ? 'rebinding' : 'meeting';
    }
    default: {
      if (rung.received === null) return 'receipt';
      if (awaitsAnswer(view)) return 'answer';
      return isAnswered(view) ? 'closing' : 'judgement';
    }
  }
}

/** Whose move that is: the unit's, or the platform's. */
export function isTheUnits(waits: Waits): boolean {
  return waits === 'receipt' || waits === 'answer';
}

export interface Person {
  role: Role;
  username: string;
  unit: string;
}

export type Wish = 'take' | 'assign' | 'receive' | 'answer' | 'judge' | 'step_up' | 'convene' | 'rebind' | 'propose' | 'close';

/** The steps that may follow by hand: up, and the last one only by confirming a proposal. */
export function stepsUp(view: CaseView, role: Role): Level[] {
  const above = LADDER.slice(LADDER.indexOf(view.level as Level) + 1).filter((level) => level !== 'account');
  return role === 'supervisor' ? above : above.filter((level) => level === 'urge');
}

/** The ends a case may come to where it stands. */
export function endsOf(view: CaseView): string[] {
  const level = view.level as Level;
  if (level === 'coordinate') return inside(view).meetings.at(-1)?.rebound_at ? ['resolved', 'to_accountability'] : [];
  if (level === 'track' || level === 'account') return ['resolved', 'to_accountability'];
  const ends = isAnswered(view) ? ['resolved', 'to_accountability'] : ['to_accountability'];
  return level === 'recheck' ? [...ends, 'unfounded'] : ends;
}

/** What `person` may wish of a case now, the most likely first. */
export function wishesOf(view: CaseView, person: Person): Wish[] {
  const rung = present(view);
  if (!view.open || rung === undefined) return [];
  if (person.role === 'unit_handler' || person.role === 'unit_head') {
    if (person.unit !== view.unit || rung.notice === null) return [];
    if (rung.received === null) return ['receive'];
    return awaitsAnswer(view) ? ['answer'] : [];
  }
  if (person.role !== 'supervisor' && person.role !== 'team_lead') return [];
  const supervisor = person.role === 'supervisor';
  const owns = supervisor || view.owner === person.username;
  const { meetings, proposals } = inside(view);
  const decides = proposals.some((proposal) => proposal.settled === null);
  const last = meetings.at(-1);
  const wishes: Wish[] = [];
  if (view.owner !== person.username) wishes.push('take');
  if (owns && lastAnswer(view)?.judged === null) wishes.push('judge');
  if (supervisor && view.level === 'coordinate') wishes.push('convene');
  if (last?.lead && !last.rebound_at) wishes.push('rebind');
  if (stepsUp(view, person.role).length > 0) wishes.push('step_up');
  if (supervisor) wishes.push('propose');
  if (owns && !decides && endsOf(view).length > 0) wishes.push('close');
  wishes.push('assign');
  return wishes;
}

export const OPENED_AT: readonly Level[] = ['track', 'urge', 'recheck', 'supervise', 'coordinate'];
export const VERDICTS = ['accepted', 'insufficient', 'evasive'] as const;
export const TRIGGERS = ['coordination_failed', 'still_inactive', 'duty_refused'] as const;
export const MEASURES = ['talk', 'circular', 'special_report'] as const;
export const CATEGORIES = ['livelihood', 'poor_quality', 'assigned', 'many_units', 'unresolved'] as const;

const prose = (key: string, optional = false): Field => ({ key, kind: 'prose', optional });

/** The fields of a wish; `null`: it asks nothing. */
export function fieldsOf(wish: Wish | 'confirm' | 'dismiss', view: CaseView, role: Role): readonly Field[] | null {
  switch (wish) {
    case 'take':
    case 'receive':
      return null;
    case 'assign':
      return [{ key: 'owner', kind: 'person' }];
    case 'answer':
      return [prose('text')];
    case 'judge':
      return [{ key: 'verdict', kind: 'choice', choices: VERDICTS, words: 'oversight.verdict' }, prose('remark', true)];
    case 'step_up':
      return [{ key: 'level', kind: 'choice', choices: stepsUp(view, role), words: 'oversight.level' }, prose('reason'), { key: 'answer_days', kind: 'days', optional: true }];
    case 'convene':
      return [{ key: 'attendees', kind: 'units' }, prose('minutes'), { key: 'lead', kind: 'unit', optional: true }];
    case 'rebind':
      return [{ key: 'co_handlers', kind: 'units', optional: true }];
    case 'propose':
      return [{ key: 'trigger', kind: 'choice', choices: TRIGGERS, words: 'oversight.trigger' }, prose('reason')];
    case 'confirm':
      return [{ key: 'kind', kind: 'choice', choices: MEASURES, words: 'oversight.measure' }, { key: 'addressee', kind: 'line' }, prose('text')];
    case 'dismiss':
      return [prose('reason')];
    case 'close': {
      const judged = LADDER.indexOf(view.level as Level) >= LADDER.indexOf('recheck');
      const fields: Field[] = [{ key: 'outcome', kind: 'choice', choices: endsOf(view), words: 'oversight.outcome' }, prose('evidence')];
      return judged ? [...fields, prose('finding')] : fields;
    }
  }
}

/** A verdict against the unit says why. */
export function lacksOf(wish: string, values: Values): string[] {
  const against = wish === 'judge' && values['verdict'] !== undefined && values['verdict'] !== 'accepted';
  return against && String(values['remark'] ?? '').trim() === '' ? ['remark'] : [];
}
