/** Everything that happened about a ticket, on one line of time: its own chain, its calls, its short messages. */
import type { Schemas } from '../api/client';

export type EventView = Schemas['EventView'];
export type CallView = Schemas['TicketCallView'];
export type MessageView = Schemas['MessageView'];

export type Entry =
  | { at: string; id: string; kind: 'event'; event: EventView }
  | { at: string; id: string; kind: 'call'; call: CallView }
  | { at: string; id: string; kind: 'message'; message: MessageView };

/** What a person wants to read of an event, in this order; the rest stands in the record below it. */
const TOLD = [
  'title',
  'kind',
  'partner',
  'said',
  'lead',
  'co_handlers',
  'unit',
  'handed_to',
  'file',
  'specialist',
  'basis',
  'suggestion',
  'working_days',
  'granted',
  'outcome',
  'solved',
  'rating',
  'remark',
  'text',
  'answer',
  'knowledge',
  'no_contact_reason',
  'summary',
  'category',
  'service',
  'explanation',
  'guidance',
  'question',
  'in_scope',
  'decision',
  'how',
  'note',
  'lane',
  'method',
  'finding',
  'measures',
  'reason',
  'round',
  'result',
  'why',
  'deadline',
  'mark',
  'due',
  'acknowledge',
  'handle',
  'revisit',
  'rectify',
  'send_back_until',
  'rules',
] as const;

/** What an event of the intake tells as a whole: its parts are told. */
const WHOLE = ['classification', 'refusal', 'explanation', 'seat', 'transfer', 'passed', 'word'] as const;

/** The parts of an event that are told, flat. A deadline is told by its end. */
export function toldOf(event: EventView): { key: string; value: unknown }[] {
  const whole = event.event as unknown as Record<string, unknown>;
  const demand = whole['demand'] as Record<string, unknown> | undefined;
  const result = whole['result'];
  const wrapped = WHOLE.map((key) => whole[key]).filter((part) => typeof part === 'object' && part !== null);
  const flat: Record<string, unknown> = Object.assign({ ...demand, ...whole }, ...wrapped) as Record<string, unknown>;
  const lane = whole['lane'] as { code?: string } | undefined;
  if (lane?.code !== undefined) flat['lane'] = lane.code;
  if (event.name === 'handed_down' || event.name === 'inherited') flat['handed_to'] = whole['to'];
  const attachment = whole['attachment'] as { name?: string } | undefined;
  if (attachment !== undefined) flat['file'] = attachment.name;
  const word = whole['word'] as { kind?: string } | undefined;
  if (word !== undefined) Object.assign(flat, { said: word.kind, kind: undefined });
  if (typeof result === 'object' && result !== null) Object.assign(flat, result);
  return TOLD.flatMap((key) => {
    const value = flat[key];
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) return [];
    if (key === 'revisit' && typeof value === 'string') return [];
    if (typeof value === 'object' && !Array.isArray(value)) {
      const due = (value as Record<string, unknown>)['due'];
      return due === undefined ? [] : [{ key, value: due }];
    }
    return [{ key, value }];
  });
}

/** In order of time; of one instant, calls before what was written about them. */
export function weave(events: readonly EventView[], calls: readonly CallView[], messages: readonly MessageView[]): Entry[] {
  const all: Entry[] = [
    ...calls.map((call) => ({ at: call.started_at, id: call.id, kind: 'call' as const, call })),
    ...events.map((event) => ({ at: event.at, id: `event-${event.seq}`, kind: 'event' as const, event })),
    ...messages.map((message) => ({ at: message.queued_at, id: message.id, kind: 'message' as const, message })),
  ];
  return all
    .map((entry, place) => ({ entry, place }))
    .sort((a, b) => Date.parse(a.entry.at) - Date.parse(b.entry.at) || a.place - b.place)
    .map(({ entry }) => entry);
}
