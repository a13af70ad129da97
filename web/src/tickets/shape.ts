/**
 * The inside of a ticket as the server keeps it (`src/domain/ticket/state.rs`): the OpenAPI document says only that it is
 * an object, because its shape is the domain's. What a reader may not see is masked or null.
 */
import type { Schemas } from '../api/client';

export interface Running {
  from: string;
  due: string;
}

export interface Promise_ {
  dispatched_at: string;
  rules: string;
  handle: Running;
  extensions: number;
}

export interface Reply {
  at: string;
  by: string;
  unit: string;
  text: string;
  no_contact_reason: string | null;
}

export interface Assignment {
  unit: string;
  acknowledge: Running;
  acknowledged: { at: string; by: string } | null;
  contacted: boolean;
  opinion: Reply | null;
  /** The units below that got it one from another; the last has the work. */
  handed_down?: string[];
}

export interface Work {
  promise: Promise_;
  dispatched_at: string;
  dispatched_by: string;
  basis: string | null;
  /** Null while the calendar for it is not published. */
  send_back_until: string | null;
  lead: Assignment;
  co_handlers: Assignment[];
  send_back: { at: string; unit: string; basis: string; suggestion: string } | null;
  extension: { at: string; unit: string; working_days: number; reason: string } | null;
}

export interface Stage {
  stage: string;
  work?: Work;
  reply?: Reply;
  closing?: { how: 'answered_on_call'; by: string; answer: string; knowledge: string | null } | { how: 'replied'; work: Work; reply: Reply };
  follow_up?: { step: string; round?: string; result?: { result: string } };
}

export interface Demand {
  title: string;
  content: string;
  kind: string;
  petitioner: { name: string; phone: string | null; applicant: string; secrecy: boolean; firm?: string };
  address: string | null;
  category: string | null;
  /** What the form of the desk that took it asked beside, by key. */
  fields?: Record<string, string>;
}

/** Who said something, and when. */
interface Said {
  at: string;
  by: string;
}

/** What is known of a demand beside its text; all of it is optional. */
export interface Intake {
  origin?: { system: string; id: string; group: string };
  real_name?: {
    identity: Identity;
    mobile: string | null;
    legal_person: Identity | null;
    verification: { verification: 'stated' } | ({ verification: 'verified' | 'mismatch'; method: string } & Said);
  };
  classification?: Said & { category: string; field: string; department?: string; standard?: string };
  refusal?: Said & { ground: { code: string }; explanation: string; guidance?: { law: string; text: string }; state: { state: 'final' | 'awaits_review' | 'reviewed'; granted?: boolean; reason?: string } };
  seal?: Said & { kind: string };
  explanations?: (Said & { explanation: string; guidance: string | null })[];
  reports?: (Said & { question: string; due: string; lapsed: boolean; decision: (Said & { in_scope: boolean; decision: string; notice: (Said & { how: string }) | null }) | null })[];
  seat?: Said & { unit: string; note: string; taken: Said | null };
  lane?: Said & { code: string };
  passed_on?: (Said & { partner: string; reason: string; ended?: string; words?: { at: string; by: string | null; kind: string; text: string }[] })[];
  emergencies?: { at: string; service: string; answered_after_ms: number | null }[];
}

interface Identity {
  id_kind: string;
  id_number: string;
}

export interface Ticket {
  source: string;
  contact: string | null;
  call: string | null;
  caller: string | null;
  desk: string;
  demand: Demand | null;
  intake?: Intake;
  stage: Stage;
  contacts: { at: string; unit: string; call: string | null; recording: string | null; sms: string | null; summary: string }[];
  reviews: { at: string; by: string; outcome: string; remark: string; reply: Reply }[];
  reopened: number;
}

export type TicketView = Schemas['TicketView'];
export type Clock = TicketView['deadlines'][number];

export function inside(view: TicketView): Ticket {
  return view.ticket as unknown as Ticket;
}

/** The units' work, from dispatch on. */
export function workOf(ticket: Ticket): Work | null {
  const { work, closing } = ticket.stage;
  return work ?? (closing?.how === 'replied' ? closing.work : null);
}

/** What a list needs of a ticket, beside what every list has. */
export function demandOf(view: TicketView): Demand | null {
  return inside(view).demand;
}
