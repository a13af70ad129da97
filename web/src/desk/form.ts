/** What an agent writes while a citizen speaks, and what it becomes at the server. */
import { badNumbers, realNameOf } from '../shared/identity';
import { bodyOf, GROUND_FIELDS, missing as missingOf, shownOf, type Field } from '../tickets/commands';

export type Kind = 'inquiry' | 'help_request' | 'complaint' | 'report' | 'suggestion';
export const KINDS: readonly Kind[] = ['inquiry', 'help_request', 'complaint', 'report', 'suggestion'];

export type Disposition = 'dispatched' | 'passed_on' | 'answered_on_call' | 'three_way' | 'refused' | 'no_demand';
export const DISPOSITIONS: readonly Disposition[] = ['dispatched', 'passed_on', 'answered_on_call', 'three_way', 'refused', 'no_demand'];

/** Who asks, and what. */
export interface Demand {
  name: string;
  phone: string;
  applicant: 'person' | 'enterprise';
  secrecy: boolean;
  /** 企业名称: of the enterprise that asks. */
  firm: string;
  id_kind: string;
  id_number: string;
  /** Of the enterprise that asks, or that the person speaks for. */
  credit_code: string;
  title: string;
  content: string;
  kind: Kind;
  address: string;
  category: string;
  /** What this desk's form asks beside, by key. */
  fields: Record<string, string>;
}

export interface Form extends Demand {
  disposition: Disposition;
  lead: string;
  co_handlers: string[];
  basis: string;
  /** 紧急: acknowledged at once, day and night. */
  urgent: boolean;
  answer: string;
  specialist: string;
  ground: string;
  /** What the ground needs beside its name, by the fields' keys. */
  ground_details: Record<string, string>;
  explanation: string;
  /** The platform that is to work on it, and why. */
  partner: string;
  pass_reason: string;
}

export function emptyForm(caller: string): Form {
  return {
    name: '',
    phone: caller,
    applicant: 'person',
    secrecy: false,
    firm: '',
    id_kind: 'resident_id',
    id_number: '',
    credit_code: '',
    title: '',
    content: '',
    kind: 'help_request',
    address: '',
    category: '',
    fields: {},
    disposition: 'dispatched',
    lead: '',
    co_handlers: [],
    basis: '',
    urgent: false,
    answer: '',
    specialist: '',
    ground: '',
    ground_details: {},
    explanation: '',
    partner: '',
    pass_reason: '',
  };
}

/** What may lie on a desk between two loads of its page: no number of a document does. */
export function keptOf(form: Form): Form {
  return { ...form, id_number: '', credit_code: '' };
}

/** What the chosen ground of article 9 needs to be told. */
export function groundFields(form: Form): Field[] {
  return shownOf(GROUND_FIELDS, { 'ground.code': form.ground });
}

/** Whether a demand is written down at all: not for calls in which there was none. What is not accepted was asked as well. */
export function isRegistered(disposition: Disposition): boolean {
  return disposition !== 'no_demand';
}

/** Whether the citizen has the answer before they hang up. */
export function isAnswered(disposition: Disposition): boolean {
  return disposition === 'answered_on_call' || disposition === 'three_way';
}

/** What the rules ask of this desk's form: codes before a disposition, and fields of its own. */
export interface Asked {
  coded_first?: boolean | undefined;
  required?: readonly string[];
}

/** Fields that are still missing for what was chosen, in the form's order. */
export function missing(form: Form, { coded_first = false, required = [] }: Asked = {}): (keyof Form)[] {
  const needed: (keyof Form)[] = isRegistered(form.disposition) ? ['name', 'title', 'content'] : [];
  if (coded_first && isRegistered(form.disposition) && form.disposition !== 'refused') needed.push('category');
  const unasked = isRegistered(form.disposition) && required.some((key) => !form.fields[key]?.trim());
  switch (form.disposition) {
    case 'dispatched':
      needed.push('lead');
      break;
    case 'passed_on':
      needed.push('partner', 'pass_reason');
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
  // A form that was kept by an older page has no such field yet.
  const lacks = needed.filter((field) => (form[field] as Form[keyof Form] | undefined ?? '').toString().trim() === '');
  const untold = form.disposition === 'refused' && missingOf(groundFields(form), form.ground_details).length > 0;
  return [...lacks, ...(unasked ? (['fields'] as const) : []), ...(untold ? (['ground_details'] as const) : []), ...badNumbers(form)];
}

/** One step towards what was chosen. */
export interface Step {
  of: 'ticket' | 'contact';
  command: string;
  body: Record<string, unknown>;
}

/** What the organisation's codes and directory know. */
export interface Known {
  unit_of: (specialist: string) => string;
  /** The call the demand came by. */
  call: string | null;
  /** 涉及领域 of a category; empty: there is no such category. */
  field_of: (category: string) => string;
}

/**
 * The commands that carry the form out, in order. `stage` is the ticket's: what it has behind it is not wished again, so that a
 * submission that broke off in the middle goes on where it stood.
 */
export function stepsOf(form: Form, stage: string, { unit_of, field_of, call }: Known): Step[] {
  const steps: Step[] = [];
  const at_desk = stage === 'draft' || stage === 'registered';
  if (isRegistered(form.disposition) && at_desk) {
    steps.push({ of: 'ticket', command: 'register', body: registration(form) });
    const named = realNameOf(form);
    if (named !== null) steps.push({ of: 'ticket', command: 'identify', body: { ...named } });
    if (form.category !== '' && field_of(form.category) !== '') {
      steps.push({ of: 'ticket', command: 'classify', body: { category: form.category, field: field_of(form.category) } });
    }
    if (form.disposition === 'three_way') {
      const body = { specialist: form.specialist, unit: unit_of(form.specialist), ...(call === null ? {} : { call }), result: form.answer.trim() };
      steps.push({ of: 'ticket', command: 'note_three_way', body });
    }
    steps.push({ of: 'ticket', ...disposal(form, call) });
  }
  const said = form.disposition === 'refused' ? { ground: form.ground, explanation: form.explanation.trim() } : {};
  // For the contact it was handed on, whoever has it.
  const code = form.disposition === 'passed_on' ? 'dispatched' : form.disposition;
  steps.push({ of: 'contact', command: 'dispose', body: { disposition: { code, ...said } } });
  return steps;
}

/** The command that disposes of the demand. */
function disposal(form: Form, call: string | null): { command: string; body: Record<string, unknown> } {
  switch (form.disposition) {
    case 'dispatched':
      return { command: 'dispatch', body: { lead: form.lead, co_handlers: form.co_handlers, basis: text(form.basis), ...(form.urgent ? { urgent: true } : {}) } };
    case 'passed_on':
      return { command: 'pass_on', body: { partner: form.partner, reason: form.pass_reason.trim(), ...(call === null ? {} : { call }) } };
    case 'refused': {
      const ground = bodyOf({ 'ground.code': form.ground, ...form.ground_details }, [{ key: 'ground.code', kind: 'line' }, ...groundFields(form)]);
      return { command: 'refuse', body: { ...ground, explanation: form.explanation.trim() } };
    }
    default:
      return { command: 'answer_on_call', body: { answer: form.answer.trim() } };
  }
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
      ...firmOf(form),
    },
    address: text(form.address),
    category: text(form.category),
    ...fieldsOf(form),
  };
}

/** What was filled in of the desk's own fields. */
export function fieldsOf(demand: Pick<Demand, 'fields'>): { fields?: Record<string, string> } {
  const given = Object.entries(demand.fields).flatMap(([key, value]) => (value.trim() === '' ? [] : [[key, value.trim()] as const]));
  return given.length === 0 ? {} : { fields: Object.fromEntries(given) };
}

/** 企业名称, where an enterprise asks; a person is no firm, whatever stood in the field before. */
export function firmOf(demand: Pick<Demand, 'applicant' | 'firm'>): { firm?: string } {
  const firm = demand.applicant === 'enterprise' ? demand.firm.trim() : '';
  return firm === '' ? {} : { firm };
}

function text(written: string): string | null {
  return written.trim() || null;
}
