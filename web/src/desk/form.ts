/** What an agent writes while a citizen speaks, and what it becomes at the server. */

export type Kind = 'inquiry' | 'help_request' | 'complaint' | 'report' | 'suggestion';
export const KINDS: readonly Kind[] = ['inquiry', 'help_request', 'complaint', 'report', 'suggestion'];

export type Disposition = 'dispatched' | 'answered_on_call' | 'three_way' | 'refused' | 'no_demand';
export const DISPOSITIONS: readonly Disposition[] = ['dispatched', 'answered_on_call', 'three_way', 'refused', 'no_demand'];

/** Article 9's grounds, in its order; the last is a team lead's to say. */
export const GROUNDS = ['outside_jiangsu', 'other_procedure', 'secret', 'malicious_or_vague', 'emergency', 'other'] as const;

export interface Form {
  name: string;
  phone: string;
  applicant: 'person' | 'enterprise';
  secrecy: boolean;
  title: string;
  content: string;
  kind: Kind;
  address: string;
  category: string;
  disposition: Disposition;
  lead: string;
  co_handlers: string[];
  basis: string;
  answer: string;
  specialist: string;
  ground: string;
  explanation: string;
}

export function emptyForm(caller: string): Form {
  return {
    name: '',
    phone: caller,
    applicant: 'person',
    secrecy: false,
    title: '',
    content: '',
    kind: 'help_request',
    address: '',
    category: '',
    disposition: 'dispatched',
    lead: '',
    co_handlers: [],
    basis: '',
    answer: '',
    specialist: '',
    ground: '',
    explanation: '',
  };
}

/** Whether a demand is written down at all: not for calls in which there was none. */
export function isRegistered(disposition: Disposition): boolean {
  return disposition !== 'refused' && disposition !== 'no_demand';
}

/** Fields that are still missing for what was chosen, in the form's order. */
export function missing(form: Form): (keyof Form)[] {
  const needed: (keyof Form)[] = isRegistered(form.disposition) ? ['name', 'title', 'content'] : [];
  switch (form.disposition) {
    case 'dispatched':
      needed.push('lead');
      break;
    case 'answered_on_call':
      needed.push('answer');
      break;
    case 'three_way':
      needed.push('specialist', 'answer');
      break;
    case 'refused':
      needed.push('ground', 'explanation');
      break;
    case 'no_demand':
      break;
  }
  return needed.filter((field) => form[field].toString().trim() === '');
}

/** One step towards what was chosen. */
export interface Step {
  of: 'ticket' | 'contact';
  command: string;
  body: Record<string, unknown>;
}

/**
 * The commands that carry the form out, in order. `stage` is the ticket's: what it has behind it is not wished again, so that a
 * submission that broke off in the middle goes on where it stood.
 */
export function stepsOf(form: Form, stage: string, unit_of: (specialist: string) => string): Step[] {
  const steps: Step[] = [];
  if (isRegistered(form.disposition) && (stage === 'draft' || stage === 'registered')) {
    steps.push({ of: 'ticket', command: 'register', body: registration(form) });
    if (form.disposition === 'three_way') {
      const body = { specialist: form.specialist, unit: unit_of(form.specialist), result: form.answer.trim() };
      steps.push({ of: 'ticket', command: 'note_three_way', body });
    }
    steps.push(
      form.disposition === 'dispatched'
        ? { of: 'ticket', command: 'dispatch', body: { lead: form.lead, co_handlers: form.co_handlers, basis: text(form.basis) } }
        : { of: 'ticket', command: 'answer_on_call', body: { answer: form.answer.trim() } },
    );
  }
  const said = form.disposition === 'refused' ? { ground: form.ground, explanation: form.explanation.trim() } : {};
  steps.push({ of: 'contact', command: 'dispose', body: { disposition: { code: form.disposition, ...said } } });
  return steps;
}

export function registration(form: Form): Record<string, unknown> {
  return {
    title: form.title.trim(),
    content: form.content.trim(),
    kind: form.kind,
    petitioner: {
      name: form.name.trim(),
      phone: text(form.phone),
      applicant: form.applicant,
      secrecy: form.secrecy,
    },
    address: text(form.address),
    category: text(form.category),
  };
}

function text(written: string): string | null {
  return written.trim() || null;
}
