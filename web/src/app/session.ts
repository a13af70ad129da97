import { defineStore } from 'pinia';
import { ref } from 'vue';

import { api, must, onSignedOut, setCsrf, type Schemas } from '../api/client';
import type { Role } from './roles';

/** A person, signed in. */
export type User = Omit<Schemas['UserView'], 'role'> & { role: Role };
/** The phone that one may have in this page. */
export interface Phone {
  extension: string;
  sip_uri: string;
  websocket: string;
}
export type Me = Omit<Schemas['Me'], 'user'> & { user: User; phone?: Phone | null };

/** Who is signed in at this window. */
export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null);
  const me = ref<Me | null>(null);
  let asked: Promise<void> | null = null;

  function forget(): void {
    user.value = null;
    me.value = null;
    setCsrf(null);
  }

  onSignedOut(forget);

  async function ask(): Promise<void> {
    const { data } = await api.GET('/api/v1/me');
    if (data === undefined) return forget();
    me.value = data as Me;
    setCsrf(me.value.csrf ?? null);
    user.value = me.value.user;
  }

  /** Finds out once who a reloaded page belongs to. */
  function restore(): Promise<void> {
    asked ??= ask().catch((fault: unknown) => {
      asked = null;
      throw fault;
    });
    return asked;
  }

  async function login(username: string, password: string): Promise<User> {
    const signedIn = must(await api.POST('/api/v1/login', { body: { username, password } }));
    setCsrf(signedIn.csrf);
    asked = ask();
    await asked;
    return signedIn.user as User;
  }

  async function logout(): Promise<void> {
    await api.POST('/api/v1/logout');
    forget();
  }

  return { user, me, restore, login, logout };
});
