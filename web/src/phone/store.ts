import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';

import { api, must, type Schemas } from '../api/client';
import { useLive } from '../app/live';
import { hurtsWhen } from '../app/reload';
import { useSession } from '../app/session';
import { SERVICES } from '../tickets/commands';
import type { SharedPhone } from './index';
import { NO_PHONE, type PhoneState, type PhoneWish } from './state';

/** A call as the server sees it. */
export type Call = Schemas['LiveCallView'];
export type Party = Schemas['PartyView'];
export type Agent = Schemas['AgentView'] & { state: AgentStateName; reason?: string };
export type AgentStateName = 'offline' | 'ready' | 'offered' | 'talking' | 'wrap_up' | 'break';

/** The phone in this page and the call it is in, as page and server know them together. */
export const usePhone = defineStore('phone', () => {
  const session = useSession();
  const live = useLive();

  let shared: SharedPhone | null = null;
  const phone = shallowRef<PhoneState>(NO_PHONE);
  const here = ref(false);
  const call = shallowRef<Call | null>(null);
  const agent = shallowRef<Agent | null>(null);

  /** This person has a phone at all. */
  const extension = computed(() => session.me?.phone?.extension ?? null);
  const in_call = computed(() => phone.value.call !== null || call.value !== null);
  /** The emergency service that is in the call, or rung into it. */
  const rescue = computed(() => call.value?.parties.find((party) => party.role === 'specialist' && SERVICES.some((service) => service === party.party)) ?? null);
  /** What is to be read out to it, as whoever writes the citizen's demand down knows it: whose call, their number, where. */
  const known = ref({ call: '', number: '', place: '' });
  const own = computed(() => call.value?.parties.find((party) => party.user === session.user?.username) ?? null);

  watch(
    () => live.board,
    (board) => {
      if (board === null) return;
      const me = session.user?.username;
      agent.value = (board.agents.find((one) => one.username === me) as Agent | undefined) ?? null;
      const mine = (one: Call) => one.parties.some((party) => party.user === me);
      call.value = board.calls.find(mine) ?? null;
    },
  );

  // The floor is shown once a second; what this phone does is known at once.
  watch(
    () => [phone.value.call?.phase, phone.value.call?.id],
    () => void refresh(),
  );

  async function refresh(): Promise<void> {
    if (session.user === null) return;
    // Where the server cannot be reached, the board will say it all as soon as it can.
    const { data } = await api.GET('/api/v1/me/call').catch(() => ({ data: undefined }));
    if (data !== undefined) {
      call.value = data.call ?? null;
      agent.value = (data.agent as Agent | null | undefined) ?? null;
    }
  }

  async function open(): Promise<void> {
    const line = session.me?.phone;
    const user = session.user;
    if (shared !== null || line === undefined || line === null || user === null) return;
    const { openPhone } = await import('./index');
    // Logged out again while it was loading.
    if (session.user !== user || shared !== null) return;
    const opened = openPhone(line, user.display_name, () => {
      phone.value = opened.state;
      here.value = opened.here;
    });
    shared = opened;
    phone.value = opened.state;
    here.value = opened.here;
  }

  function close(): void {
    shared?.close();
    shared = null;
    phone.value = NO_PHONE;
    here.value = false;
    call.value = null;
    agent.value = null;
  }

  const holds_call = () => here.value && phone.value.call !== null;
  hurtsWhen(holds_call);
  window.addEventListener('beforeunload', (event) => {
    if (holds_call()) event.preventDefault();
  });

  function wish(wished: PhoneWish): void {
    shared?.wish(wished);
  }

  async function command(name: string, body: Record<string, unknown> = {}): Promise<void> {
    const id = call.value?.id ?? phone.value.call?.id;
    if (id === undefined || id === null) return;
    const path = { id, command: name };
    must(await api.POST('/api/v1/calls/{id}/commands/{command}', { params: { path }, body }));
    await refresh();
  }

  function answer(): void {
    if (phone.value.call?.phase === 'ringing') wish({ do: 'answer' });
  }

  async function hangUp(): Promise<void> {
    // Whoever brought in an emergency service leaves it with the citizen, and not before it has answered: the server knows.
    if (rescue.value !== null) await command('hang_up');
    else if (phone.value.call !== null) wish({ do: 'hang_up' });
    else await command('hang_up');
  }

  /** Hold with music is the server's; a call it does not know is held by the phone itself. */
  async function toggleHold(): Promise<void> {
    if (call.value !== null) await command(own.value?.room === 'aside' ? 'resume' : 'hold');
    else if (phone.value.call?.phase === 'up') wish({ do: 'hold', on: !phone.value.call.held });
  }

  function toggleMute(): void {
    const now = phone.value.call;
    if (now?.phase === 'up') wish({ do: 'mute', on: !now.muted });
  }

  async function setState(state: 'ready' | 'break' | 'offline', reason?: string): Promise<void> {
    must(await api.PUT('/api/v1/me/state', { body: { state, reason: reason ?? null } }));
    await refresh();
  }

  async function extendWrapUp(reason: string): Promise<void> {
    must(await api.POST('/api/v1/me/wrap_up', { body: { reason } }));
    await refresh();
  }

  return {
    phone,
    here,
    call,
    agent,
    extension,
    in_call,
    own,
    rescue,
    known,
    open,
    close,
    refresh,
    answer,
    hangUp,
    toggleHold,
    toggleMute,
    setState,
    extendWrapUp,
    command,
    tone: (key: string) => wish({ do: 'tone', key }),
    take: () => wish({ do: 'take' }),
  };
});
