import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';

import { api, must, type Schemas } from '../api/client';
import { useSession } from '../app/session';
import { usePhone } from '../phone/store';
import { useCodes } from '../tickets/codes';
import { isNumberOf } from '../shared/identity';
import { inside } from '../tickets/shape';
import { draftAt, putDraft } from './drafts';
import { emptyForm, keptOf, missing, registration, stepsOf, type Form, type Known, type Step } from './form';

type Ticket = Schemas['TicketView'];

/** One citizen's matter, from the ring to the submission. */
export interface Work {
  call: string;
  contact: string | null;
  ticket: string;
  caller: string;
  began_at: number;
  form: Form;
}

/** How often what was written is kept. */
const AUTOSAVE_MS = 5000;
/** How long nothing must be written before the server is asked what it thinks of it, and from how many letters on. */
const ADVICE_AFTER_MS = 900;
const ADVICE_FROM = 6;
/** Matters laid aside, at most: a desk that reaches this has other troubles. */
const ASIDE_MAX = 20;

const NO_ADVICE: Schemas['AdviceView'] = { similar: [], proposals: [] };

/** What is kept of a desk between two loads of its page. */
interface Kept {
  work: Work | null;
  aside: Work[];
  /** When it was kept. */
  at: number;
}

/** Where nothing waits any more. */
export const OVER = ['closed', 'archived', 'voided'];
/** Open demands of the same number whose event is looked for. */
const EARLIER_LOOKED_AT = 3;

export const useDesk = defineStore('desk', () => {
  const session = useSession();
  const phone = usePhone();
  const codes = useCodes();

  const work = ref<Work | null>(null);
  const aside = ref<Work[]>([]);
  const ticket = shallowRef<Ticket | null>(null);
  const history = shallowRef<Ticket[]>([]);
  /** What the same person asked from other numbers, by the identity that was registered or stated. */
  const theirs = shallowRef<Ticket[]>([]);
  /** The matter that this demand belongs to, with others about the same event. */
  const cluster = shallowRef<Schemas['ClusterView'] | null>(null);
  const advice = shallowRef<Schemas['AdviceView']>(NO_ADVICE);
  const saved_at = ref<number | null>(null);
  const busy = ref(false);

  const place = computed(() => (session.user === null ? null : `hotline-desk:${session.user.username}`));
  let last_kept = '';
  /** Whose drafts were read: before that nothing may be written over them. */
  let restored = '';

  const lacks = computed(() => (work.value === null ? [] : missing(work.value.form, { coded_first: ticket.value?.classify_first, required: codes.required })));

  /** Brings back what a reload or a crash interrupted. */
  async function restore(): Promise<void> {
    const at = place.value;
    if (at === null || restored === at) return;
    const here = keptIn(localStorage.getItem(at));
    // Without a database the browser's own store must do.
    const there = keptIn(await draftAt(at).catch(() => null));
    const kept = (there?.at ?? 0) > (here?.at ?? 0) ? there : here;
    restored = at;
    if (kept === null) return;
    // What another version of this page kept may lack a field.
    const whole = (one: Work): Work => ({ ...one, form: { ...emptyForm(one.caller), ...one.form } });
    const was = kept.work === null ? null : whole(kept.work);
    const were = kept.aside.map(whole);
    const rung = work.value;
    // The call may be up still: then its matter is the one that was written down.
    const same = rung !== null && was?.ticket === rung.ticket;
    // Somebody else may have rung meanwhile: their matter stays on the desk.
    if (rung !== null && was !== null && !same) were.unshift(was);
    aside.value = [...aside.value, ...were];
    if (was === null || (rung !== null && !same)) return;
    work.value = was;
    void look();
  }

  /** Into the browser's own store at once, which a reload finds; and to the disk, which a crash leaves. */
  function keep(): void {
    const to = place.value;
    if (to === null || restored !== to) return;
    const bare = (one: Work): Work => ({ ...one, form: keptOf(one.form) });
    const now = { work: work.value === null ? null : bare(work.value), aside: aside.value.map(bare) };
    const text = JSON.stringify(now);
    if (text === last_kept) return;
    last_kept = text;
    const at = Date.now();
    // Kept when there is nothing, too: that is newer than what the disk may still have.
    const kept = JSON.stringify({ ...now, at } satisfies Kept);
    try {
      localStorage.setItem(to, kept);
    } catch {
      // Somebody pasted more than it holds: the disk takes it.
      localStorage.removeItem(to);
    }
    putDraft(to, kept).then(
      () => last_kept === text && (saved_at.value = now.work === null ? null : at),
      () => (saved_at.value = null),
    );
  }

  setInterval(keep, AUTOSAVE_MS);
  window.addEventListener('pagehide', keep);

  // The next citizen rings: their matter takes the desk.
  watch(
    () => phone.call,
    (call) => {
      if (call === null || !call.ticket || work.value?.ticket === call.ticket) return;
      if (phone.own?.role !== 'agent') return;
      if (work.value !== null) layAside();
      begin({
        call: call.id,
        contact: call.contact ?? null,
        ticket: call.ticket,
        caller: phone.phone.call?.peer ?? '',
        began_at: Date.now(),
        form: emptyForm(phone.phone.call?.peer ?? ''),
      });
    },
  );

  // What the call bar reads out to an emergency service, whichever page is open.
  watch(
    () => ({ call: work.value?.call ?? '', number: work.value?.caller || work.value?.form.phone || '', place: work.value?.form.address ?? '' }),
    (now) => (phone.known = now),
    { immediate: true },
  );

  /** Similar demands and proposed units for what stands there now, a moment after the last letter. */
  let thinking: ReturnType<typeof setTimeout> | undefined;
  const written = computed(() => {
    const form = work.value?.form;
    return form === undefined ? null : { title: form.title.trim(), content: form.content.trim(), address: form.address.trim() || null, category: form.category || null };
  });
  watch(
    () => JSON.stringify(written.value),
    () => {
      clearTimeout(thinking);
      thinking = setTimeout(() => void askAdvice(), ADVICE_AFTER_MS);
    },
  );

  async function askAdvice(): Promise<void> {
    const [now, text] = [work.value, written.value];
    if (now === null || text === null) return;
    if (text.title.length + text.content.length < ADVICE_FROM && text.category === null) {
      advice.value = NO_ADVICE;
      return;
    }
    const { data } = await api.POST('/api/v1/tickets/{id}/advice', { params: { path: { id: now.ticket } }, body: text });
    // A desk without advice works as well.
    if (data !== undefined && work.value?.ticket === now.ticket) advice.value = data;
  }

  function begin(next: Work): void {
    work.value = next;
    saved_at.value = null;
    keep();
    void look();
  }

  function layAside(): void {
    if (work.value === null) return;
    aside.value = [work.value, ...aside.value].slice(0, ASIDE_MAX);
    clear();
  }

  function takeUp(ticket_id: string): void {
    const taken = aside.value.find((one) => one.ticket === ticket_id);
    if (taken === undefined) return;
    aside.value = aside.value.filter((one) => one !== taken);
    if (work.value !== null) layAside();
    begin(taken);
  }

  function clear(): void {
    work.value = null;
    ticket.value = null;
    history.value = [];
    theirs.value = [];
    cluster.value = null;
    advice.value = NO_ADVICE;
    saved_at.value = null;
    keep();
  }

  /** Reads the matter's ticket, and what the same number asked before. */
  async function look(): Promise<void> {
    const now = work.value;
    if (now === null) return;
    const path = { id: now.ticket };
    const seen = must(await api.GET('/api/v1/tickets/{id}', { params: { path } }));
    if (work.value?.ticket !== now.ticket) return;
    ticket.value = seen;
    const { caller, contact } = seen.ticket as { caller?: string | null; contact?: string | null };
    work.value.contact ??= contact ?? null;
    if (caller && work.value.caller === '') {
      work.value.caller = caller;
      work.value.form.phone ||= caller;
    }
    await readHistory(now.ticket);
    await readCluster(now.ticket);
  }

  async function readCluster(ticket_id: string): Promise<void> {
    // A call that just came is about no event yet; whoever calls again mostly calls about the same.
    const earlier = history.value.filter((one) => !OVER.includes(one.stage)).slice(0, EARLIER_LOOKED_AT);
    for (const one of [ticket_id, ...earlier.map((before) => before.id)]) {
      const { data } = await api.GET('/api/v1/clusters', { params: { query: { ticket: one, open: true } } });
      if (work.value?.ticket !== ticket_id) return;
      cluster.value = data?.items[0] ?? null;
      if (cluster.value !== null) return;
    }
  }

  /** By the identity that the caller's last verified ticket has, or by the one that is being stated. */
  async function readTheirs(ticket_id: string, whose: { ticket: string } | { identity: { id_kind: string; id_number: string } }): Promise<void> {
    const { data } = await api.POST('/api/v1/petitioners/history', { body: { ...whose, limit: 20 } });
    if (data === undefined || work.value?.ticket !== ticket_id) return;
    const known = new Set([ticket_id, ...history.value.map((one) => one.id)]);
    theirs.value = data.items.filter((one) => !known.has(one.id));
  }

  // A number that can be right is looked up once; looking is on record.
  const stated = computed(() => {
    const form = work.value?.form;
    const number = form?.id_number.trim().toUpperCase() ?? '';
    return form === undefined || number === '' || !isNumberOf(form.id_kind, number) ? null : { id_kind: form.id_kind, id_number: number };
  });
  watch(
    () => JSON.stringify(stated.value),
    () => {
      if (work.value !== null && stated.value !== null) void readTheirs(work.value.ticket, { identity: stated.value });
    },
  );

  async function readHistory(ticket_id: string): Promise<void> {
    const number = work.value?.caller ?? '';
    // Numbers that are withheld, extensions and names have no history.
    if (!/^\+?\d{7,15}$/.test(number)) return;
    const { data } = await api.GET('/api/v1/tickets', { params: { query: { phone: number, limit: 20 } } });
    if (data !== undefined && work.value?.ticket === ticket_id) {
      history.value = data.items.filter((one) => one.id !== ticket_id);
      const verified = history.value.find((one) => inside(one).intake?.real_name?.verification.verification === 'verified');
      if (verified !== undefined && stated.value === null) await readTheirs(ticket_id, { ticket: verified.id });
    }
  }

  /** Registers what stands there, so that others see it too; it can be corrected until it is dispatched. */
  async function save(): Promise<void> {
    const now = work.value;
    if (now === null) return;
    keep();
    const written = now.form.name.trim() && now.form.title.trim() && now.form.content.trim();
    const open = ticket.value?.stage === 'draft' || ticket.value?.stage === 'registered';
    if (!written || !open) return;
    ticket.value = await carryOut(now, { of: 'ticket', command: 'register', body: registration(now.form) });
  }

  /** Does what was chosen, ends wrap-up and makes the desk free. */
  async function submit(known: Known): Promise<void> {
    const now = work.value;
    if (now === null || busy.value || lacks.value.length > 0) return;
    busy.value = true;
    keep();
    try {
      const stage = ticket.value?.stage ?? 'draft';
      for (const step of stepsOf(now.form, stage, known)) {
        const changed = await carryOut(now, step);
        if (changed !== null) ticket.value = changed;
      }
      clear();
      if (phone.agent?.state === 'wrap_up') await phone.setState('ready');
    } finally {
      busy.value = false;
    }
  }

  /** 向上级汇报: what the first to receive it cannot settle. */
  async function reportUp(question: string): Promise<void> {
    const now = work.value;
    if (now === null) return;
    ticket.value = await carryOut(now, { of: 'ticket', command: 'report_up', body: { question } });
  }

  async function carryOut(now: Work, step: Step): Promise<Ticket | null> {
    if (step.of === 'contact') {
      if (now.contact === null) return null;
      const path = { id: now.contact, command: step.command };
      must(await api.POST('/api/v1/contacts/{id}/commands/{command}', { params: { path }, body: step.body }));
      return null;
    }
    const path = { id: now.ticket, command: step.command };
    // The same wish twice, after an answer that was lost on the way, is done once.
    const header = { 'Idempotency-Key': await keyOf(now.ticket, step) };
    return must(await api.POST('/api/v1/tickets/{id}/commands/{command}', { params: { path, header }, body: step.body }));
  }

  return { work, aside, ticket, history, theirs, cluster, advice, saved_at, busy, lacks, restore, save, submit, reportUp, layAside, takeUp, look, askAdvice };
});

/** Null also for what another version of this page wrote: nothing of it can be used. */
function keptIn(text: string | null): Kept | null {
  try {
    const kept = JSON.parse(text ?? 'null') as Kept | null;
    return kept !== null && Array.isArray(kept.aside) ? kept : null;
  } catch {
    return null;
  }
}

async function keyOf(ticket: string, step: Step): Promise<string> {
  const text = JSON.stringify([ticket, step.command, step.body]);
  // FNV-1a: the key must only differ when the wish does; `crypto.subtle` is missing without TLS.
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return `desk-${ticket}-${step.command}-${hash.toString(16)}`;
}
