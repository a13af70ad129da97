/** What reached the desk without a call, a letter, a visitor, an e-mail, and what it becomes at the server. */
import { badNumbers, realNameOf } from '../shared/identity';
import { fieldsOf, firmOf, type Demand } from './form';

/** How it came; by machine comes what a platform sends itself. */
export const CHANNELS = ['letter', 'walk_in', 'email', 'web', 'app', 'sms', 'phone', 'police110'] as const;
/** 8(1)'s three kinds of service. */
export const SERVICES = ['inquiry', 'joint_handling', 'efficacy_complaint'] as const;

export interface Arrival extends Demand {
  /** The system of article 8 it came from; empty: from none, it is written down for somebody. */
  system: string;
  origin_id: string;
  channel: (typeof CHANNELS)[number];
  service: string;
  /** Beijing time, as `datetime-local` writes it; empty: now. */
  received_at: string;
  issuer: string;
  document: string;
}

export const emptyArrival = (): Arrival => ({
  system: '',
  origin_id: '',
  channel: 'letter',
  service: 'inquiry',
  received_at: '',
  issuer: '',
  document: '',
  name: '',
  phone: '',
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
});

/** The group of the system it came from: some groups ask for more. */
export type Group = string;

/** Fields that are missing or cannot be right, in the form's order. */
export function wanting(arrival: Arrival, group: Group, required: readonly string[] = []): (keyof Arrival)[] {
  const needed: (keyof Arrival)[] = arrival.system === '' ? [] : ['origin_id'];
  if (group === 'assigned_task') needed.push('issuer', 'document');
  needed.push('name', 'title', 'content');
  const unasked = required.some((key) => !arrival.fields[key]?.trim());
  return [...needed.filter((field) => arrival[field].toString().trim() === ''), ...(unasked ? (['fields'] as const) : []), ...badNumbers(arrival)];
}

/** The body of `POST /tickets`. */
export function ticketOf(arrival: Arrival): Record<string, unknown> {
  return {
    title: arrival.title.trim(),
    content: arrival.content.trim(),
    kind: arrival.kind,
    petitioner: { name: arrival.name.trim(), phone: text(arrival.phone), applicant: arrival.applicant, secrecy: arrival.secrecy, ...firmOf(arrival) },
    address: text(arrival.address),
    category: text(arrival.category),
    ...fieldsOf(arrival),
  };
}

/** The body of `POST /intake`. */
export function demandOf(arrival: Arrival, group: Group): Record<string, unknown> {
  const ticket = ticketOf(arrival);
  return {
    ...ticket,
    petitioner: { ...(ticket['petitioner'] as object), ...realNameOf(arrival) },
    system: arrival.system,
    origin_id: arrival.origin_id.trim(),
    channel: arrival.channel,
    ...(group === 'provincial_service' ? { service: arrival.service } : {}),
    ...(group === 'assigned_task' ? { issuer: arrival.issuer.trim(), document: arrival.document.trim() } : {}),
    ...(arrival.received_at === '' ? {} : { received_at: `${arrival.received_at}:00+08:00` }),
  };
}

function text(written: string): string | null {
  return written.trim() || null;
}
