/** The phone as a whole, loaded only by those who have one. */
import { randomUuid } from '../shared/uuid';
import { pageEars } from './ears';
import { Softphone } from './softphone';
import { SharedPhone } from './tabs';

/** What the server says of one's phone. */
export interface Extension {
  extension: string;
  sip_uri: string;
  websocket: string;
}

export type { SharedPhone } from './tabs';

/** This person's one phone, in this tab or another. */
export function openPhone(extension: Extension, display_name: string, changed: () => void): SharedPhone {
  const name = `hotline-phone:${extension.extension}`;
  return new SharedPhone(
    name,
    (told) => {
      const line = {
        uri: extension.sip_uri,
        websocket: socketAt(extension.websocket),
        display_name,
        instance: instanceOf(name),
        register: true,
      };
      const phone = new Softphone(line, pageEars(), told);
      phone.start();
      return phone;
    },
    changed,
  );
}

export function socketAt(path: string): string {
  const here = new URL(path, window.location.href);
  here.protocol = here.protocol === 'https:' ? 'wss:' : 'ws:';
  return here.href;
}

/** The same after a reload; another in each browser. */
function instanceOf(name: string): string {
  const kept = localStorage.getItem(name);
  if (kept !== null) return kept;
  const made = randomUuid();
  localStorage.setItem(name, made);
  return made;
}
