/** A contact is its agent's from the moment they answered; the server knows that a moment later. */
import { api, type Schemas } from '../api/client';

const TRIES = 6;
const PAUSE_MS = 500;

export async function contactOf(id: string): Promise<Schemas['ContactView'] | undefined> {
  for (let n = 0; n < TRIES; n++) {
    if (n > 0) await new Promise((done) => setTimeout(done, PAUSE_MS));
    const { data } = await api.GET('/api/v1/contacts/{id}', { params: { path: { id } } });
    if (data !== undefined) return data;
  }
  return undefined;
}
