/** What each command asks of the person: the form is made of it. Whether it is granted is the server's to say. */

export type Field =
  | { key: string; kind: 'line' | 'prose'; optional?: boolean }
  | { key: string; kind: 'choice'; choices: readonly string[]; words: string }
  | { key: string; kind: 'granted' }
  | { key: string; kind: 'unit' }
  | { key: string; kind: 'units'; optional: true }
  | { key: string; kind: 'days' }
  | { key: string; kind: 'yes' }
  | { key: string; kind: 'told' }
  | { key: string; kind: 'proof' };

const prose = (key: string): Field => ({ key, kind: 'prose' });
const line = (key: string, optional = false): Field => ({ key, kind: 'line', optional });

export const KINDS = ['inquiry', 'help_request', 'complaint', 'report', 'suggestion'] as const;
export const RATINGS = ['very_satisfied', 'satisfied', 'basically_satisfied', 'dissatisfied', 'very_dissatisfied'] as const;

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
    line('category', true),
  ],
  answer_on_call: [prose('answer'), line('knowledge', true)],
  dispatch: [
    { key: 'lead', kind: 'unit' },
    { key: 'co_handlers', kind: 'units', optional: true },
    { key: 'basis', kind: 'prose', optional: true },
    { key: 'urgent', kind: 'yes' },
  ],
  acknowledge: [],
  record_contact: [{ key: 'call', kind: 'proof' }, prose('summary')],
  reply: [prose('text'), { key: 'no_contact_reason', kind: 'prose', optional: true }],
  send_back: [prose('basis'), prose('suggestion')],
  decide_send_back: [{ key: 'granted', kind: 'granted' }, prose('reason')],
  extend: [{ key: 'working_days', kind: 'days' }, prose('reason'), { key: 'told_petitioner', kind: 'told' }],
  decide_extension: [{ key: 'granted', kind: 'granted' }, prose('reason')],
  review: [
    { key: 'outcome', kind: 'choice', choices: ['passed', 'not_normative', 'not_specific', 'not_complete'], words: 'tickets.outcome' },
    { key: 'remark', kind: 'prose', optional: true },
  ],
  rectify: [prose('finding'), prose('measures')],
  note_three_way: [line('specialist'), { key: 'unit', kind: 'unit' }, { key: 'result', kind: 'prose', optional: true }],
  read_survey: [{ key: 'rating', kind: 'choice', choices: RATINGS, words: 'tickets.value' }],
  request_written_opinion: [],
  issue_written_opinion: [prose('text')],
  reopen: [prose('reason')],
  archive: [],
  void: [prose('reason')],
};

/** Commands whose button stands out: the next step of the ticket's way. */
export const STEPS: readonly string[] = ['register', 'dispatch', 'acknowledge', 'record_contact', 'reply', 'review', 'decide_send_back', 'decide_extension', 'rectify', 'issue_written_opinion'];
/** Commands that cannot be taken back by another. */
export const FINAL: readonly string[] = ['void', 'archive'];

/** `{'petitioner.name': 'x'}` → `{petitioner: {name: 'x'}}`, without what was left empty. */
export function bodyOf(values: Record<string, unknown>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const empty = value === '' || value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (empty) continue;
    const [outer, inner] = key.split('.');
    if (outer === undefined) continue;
    if (inner === undefined) body[outer] = typeof value === 'string' ? value.trim() : value;
    else body[outer] = { ...(body[outer] as object | undefined), [inner]: typeof value === 'string' ? value.trim() : value };
  }
  return body;
}

/** The required fields that nothing stands in. */
export function missing(fields: readonly Field[], values: Record<string, unknown>): string[] {
  return fields
    .filter((field) => {
      if ('optional' in field && field.optional === true) return false;
      if (field.kind === 'yes') return false;
      const value = values[field.key];
      return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
    })
    .map((field) => field.key);
}
