/** What each command asks of the person: the form is made of it. Whether it is granted is the server's to say. */

export type Values = Record<string, unknown>;

export type Field = Kind_ & {
  key: string;
  /** Asked for only then. */
  when?: (values: Values) => boolean;
};

type Kind_ =
  | { kind: 'line' | 'prose'; optional?: boolean }
  | { kind: 'choice'; choices: readonly string[]; words: string; optional?: boolean; barred?: readonly string[] }
  /** Yes or no: agreed to, unless `words` says otherwise. */
  | { kind: 'granted'; words?: string }
  /** Of all units, or of those below one's own. */
  | { kind: 'unit'; below?: boolean; optional?: boolean }
  | { kind: 'category' | 'lane'; optional?: boolean }
  | { kind: 'units'; optional?: boolean }
  | { kind: 'days'; optional?: boolean; max?: number }
  /** A day, or a minute of one, of Beijing's calendar: `2026-12-01`, `2026-12-01T09:30`. */
  | { kind: 'day' | 'instant'; optional?: boolean }
  | { kind: 'yes' }
  /** Drawn by whoever uses the form. */
  | { kind: 'told' }
  | { kind: 'proof' }
  | { kind: 'person' };

const prose = (key: string): Field => ({ key, kind: 'prose' });
const line = (key: string, optional = false): Field => ({ key, kind: 'line', optional });
/** What a ground of article 9 needs beside its name. */
const ofGround = (code: string, field: Field): Field => ({ ...field, when: (values) => values['ground.code'] === code });

export const KINDS = ['inquiry', 'help_request', 'complaint', 'report', 'suggestion'] as const;
export const RATINGS = ['very_satisfied', 'satisfied', 'basically_satisfied', 'dissatisfied', 'very_dissatisfied'] as const;

/** Article 9's grounds, in its order; the last is a supervisor's to say. */
export const GROUNDS = ['outside_jiangsu', 'other_procedure', 'secret', 'malicious_or_vague', 'emergency', 'other'] as const;
export const SUPERVISORS_GROUND = 'other';
export const PROCEDURES = ['petition', 'arbitration', 'reconsideration', 'litigation'] as const;
export const SECRETS = ['state', 'commercial', 'privacy'] as const;
export const SERVICES = ['110', '119', '120', '122', '12395'] as const;
export const ID_KINDS = ['resident_id', 'credit_code', 'passport', 'travel_permit', 'foreign_permanent_resident'] as const;

/** A ground and what it needs, as fields: for the ticket's form and for the desk's. */
export const GROUND_FIELDS: readonly Field[] = [
  ofGround('outside_jiangsu', line('ground.hotline')),
  ofGround('other_procedure', { key: 'ground.procedure', kind: 'choice', choices: PROCEDURES, words: 'tickets.procedure' }),
  ofGround('other_procedure', line('ground.case_reference', true)),
  ofGround('secret', { key: 'ground.kind', kind: 'choice', choices: SECRETS, words: 'tickets.secret_kind' }),
  ofGround('malicious_or_vague', prose('ground.asked_for')),
  ofGround('emergency', { key: 'ground.service', kind: 'choice', choices: SERVICES, words: 'tickets.service' }),
  ofGround('other', prose('ground.reason')),
];

export const FORMS: Record<string, readonly Field[]> = {
  register: [
    line('title'),
    prose('content'),
    { key: 'kind', kind: 'choice', choices: KINDS, words: 'tickets.kind' },
    line('petitioner.name'),
    line('petitioner.phone', true),
    { key: 'petitioner.applicant', kind: 'choice', choices: ['person', 'enterprise'], words: 'tickets.applicant' },
    { key: 'petitioner.secrecy', kind: 'yes' },
    line('address', true),
    { key: 'category', kind: 'category', optional: true },
  ],
  answer_on_call: [prose('answer'), line('knowledge', true)],
  dispatch: [
    { key: 'lead', kind: 'unit' },
    { key: 'co_handlers', kind: 'units', optional: true },
    { key: 'basis', kind: 'prose', optional: true },
    { key: 'urgent', kind: 'yes' },
  ],
  acknowledge: [],
  hand_down: [{ key: 'unit', kind: 'unit', below: true }],
  record_contact: [{ key: 'proof', kind: 'proof' }, prose('summary')],
  reply: [prose('text'), { key: 'no_contact_reason', kind: 'prose', optional: true }],
  send_back: [prose('basis'), prose('suggestion')],
  decide_send_back: [{ key: 'granted', kind: 'granted' }, prose('reason')],
  extend: [{ key: 'working_days', kind: 'days' }, prose('reason'), { key: 'told_petitioner', kind: 'told' }],
  decide_extension: [{ key: 'granted', kind: 'granted' }, prose('reason')],
  change_kind: [{ key: 'kind', kind: 'choice', choices: KINDS, words: 'tickets.kind' }, prose('reason')],
  decide_kind: [{ key: 'granted', kind: 'granted' }, prose('reason')],
  review: [
    { key: 'outcome', kind: 'choice', choices: ['passed', 'not_normative', 'not_specific', 'not_complete'], words: 'tickets.outcome' },
    { key: 'remark', kind: 'prose', optional: true },
  ],
  rectify: [prose('finding'), prose('measures')],
  note_three_way: [line('specialist'), { key: 'unit', kind: 'unit' }, { key: 'result', kind: 'prose', optional: true }],
  read_survey: [
    { key: 'message', kind: 'told' },
    { key: 'rating', kind: 'choice', choices: RATINGS, words: 'tickets.value' },
    { ...prose('remark'), when: (values) => !!values['message'] },
  ],
  request_written_opinion: [],
  issue_written_opinion: [prose('text')],
  reopen: [prose('reason')],
  archive: [],
  void: [prose('reason')],
  classify: [
    { key: 'category', kind: 'category' },
    { key: 'department', kind: 'unit', optional: true },
  ],
  identify: [
    { key: 'identity.id_kind', kind: 'choice', choices: ID_KINDS, words: 'tickets.id_kind' },
    line('identity.id_number'),
    line('mobile', true),
    line('legal_person.id_number', true),
  ],
  verify_identity: [{ key: 'matches', kind: 'granted', words: 'tickets.matches' }, line('method')],
  explain: [prose('explanation'), line('guidance', true)],
  report_up: [prose('question')],
  decide_report: [{ key: 'in_scope', kind: 'granted', words: 'tickets.in_scope' }, prose('decision')],
  notify_petitioner: [line('how')],
  hand_to_seat: [{ key: 'unit', kind: 'unit' }, prose('note')],
  take_at_seat: [],
  answer_at_seat: [prose('answer'), line('knowledge', true)],
  enter_lane: [{ key: 'lane', kind: 'lane' }],
  refuse: [{ key: 'ground.code', kind: 'choice', choices: GROUNDS, words: 'tickets.ground' }, ...GROUND_FIELDS, prose('explanation')],
  review_refusal: [{ key: 'granted', kind: 'granted' }, prose('reason')],
  seal: [{ key: 'kind', kind: 'choice', choices: SECRETS, words: 'tickets.secret_kind' }],
};

/** Commands whose button stands out: the next step of the ticket's way. */
export const STEPS: readonly string[] = ['register', 'dispatch', 'acknowledge', 'record_contact', 'reply', 'review', 'decide_send_back', 'decide_extension', 'decide_kind', 'rectify', 'issue_written_opinion'];
/** What the desk's own rules put before somebody: no next step of every ticket, but the next of this one. */
export const DECISIONS: readonly string[] = ['decide_report', 'review_refusal', 'take_at_seat', 'answer_at_seat'];
/** What the desk does with a demand beside or before its dispatch. */
export const INTAKE: readonly string[] = ['classify', 'identify', 'verify_identity', 'explain', 'report_up', 'notify_petitioner', 'hand_to_seat', 'enter_lane', 'refuse', 'seal'];
/** Commands that cannot be taken back by another. */
export const FINAL: readonly string[] = ['void', 'archive', 'refuse', 'seal'];

/** The fields that are asked for, with what stands in the others. */
export function shownOf(fields: readonly Field[], values: Values): Field[] {
  return fields.filter((field) => field.when?.(values) ?? true);
}

/** `{'petitioner.name': 'x'}` → `{petitioner: {name: 'x'}}`, without what was left empty; of `fields` only, where given. */
export function bodyOf(values: Values, fields?: readonly Field[]): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const keys = fields?.map((field) => field.key) ?? Object.keys(values);
  for (const key of keys) {
    const value = values[key];
    const empty = value === undefined || value === null || (typeof value === 'string' && value.trim() === '') || (Array.isArray(value) && value.length === 0);
    if (empty) continue;
    const [outer, inner] = key.split('.');
    if (outer === undefined) continue;
    const written = typeof value === 'string' ? value.trim() : value;
    body[outer] = inner === undefined ? written : { ...(body[outer] as object | undefined), [inner]: written };
  }
  return body;
}

/** The required fields that nothing stands in. */
export function missing(fields: readonly Field[], values: Values): string[] {
  return fields
    .filter((field) => {
      if ('optional' in field && field.optional === true) return false;
      if (field.kind === 'yes' || field.kind === 'told') return false;
      const value = values[field.key];
      return value === undefined || value === null || (typeof value === 'string' && value.trim() === '') || (Array.isArray(value) && value.length === 0);
    })
    .map((field) => field.key);
}
