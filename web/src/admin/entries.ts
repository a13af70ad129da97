/** The kinds of entry an organisation has, and each as the text of an organisation file. */

export const KINDS = ['units', 'users', 'extensions', 'queues', 'numbers', 'trunks', 'specialists', 'calendars', 'sms_gateways'] as const;
export type KindName = (typeof KINDS)[number];
export type Entry = Record<string, unknown>;

/** What a list shows of each kind. */
export const SHOWN: Record<KindName, readonly string[]> = {
  units: ['code', 'name', 'kind', 'parent'],
  users: ['username', 'display_name', 'role', 'unit'],
  extensions: ['number', 'user', 'skills', 'auto_ready', 'toll'],
  queues: ['name', 'ring_timeout_s', 'wrap_up_s', 'needs', 'priority'],
  numbers: ['number', 'queue', 'extension', 'announce', 'flow', 'record'],
  trunks: ['name', 'allow', 'outbound', 'has_digest'],
  specialists: ['unit', 'name', 'reach', 'duty', 'topics'],
  calendars: ['name', 'source', 'hours'],
  sms_gateways: ['name', 'kind', 'url', 'signed'],
};

/** What a new entry begins with. Secrets are never sent to a page: who edits such an entry writes them anew. */
const NEW: Record<KindName, Entry> = {
  units: { code: '', name: '', kind: 'department', parent: '' },
  users: { username: '', display_name: '', role: 'agent', unit: '', password: '' },
  extensions: { number: '', password: '', user: '', auto_ready: false, toll: false, skills: { mandarin: 1 } },
  queues: { name: '', strategy: 'longest_idle', ring_timeout_s: 20, wrap_up_s: 60, needs: { mandarin: 1 }, priority: 0 },
  numbers: { number: '', queue: '', record: true },
  trunks: { name: '', allow: [], outbound: [] },
  specialists: { unit: '', name: '', reach: 'sip:', duty: 'Mon-Fri 09:00-12:00,14:00-18:00', topics: [] },
  calendars: { name: '', source: 'builtin:cn-2019-2026', hours: '09:00-12:00,14:00-18:00' },
  sms_gateways: { name: '', kind: 'http', url: '', callback_token: '', secret: '' },
};

const SECRET: Partial<Record<KindName, Entry>> = {
  extensions: { password: '' },
  sms_gateways: { callback_token: '', secret: '' },
};

/** Said of an entry, not part of it. */
const TOLD_ONLY = ['has_digest', 'signed'];

/** `[[queue]]` and its keys, one a line. */
export function entryText(kind: KindName, entry: Entry | null): string {
  const whole = entry === null ? NEW[kind] : { ...entry, ...SECRET[kind] };
  const lines = Object.entries(whole)
    .filter(([key, value]) => value !== null && value !== undefined && !TOLD_ONLY.includes(key))
    .map(([key, value]) => `${key} = ${toml(value)}`);
  return [`[[${kind.slice(0, -1)}]]`, ...lines, ''].join('\n');
}

function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([key, part]) => `${/^[\w-]+$/.test(key) ? key : toml(key)} = ${toml(part)}`);
    return `{ ${pairs.join(', ')} }`;
  }
  // JSON's escapes are TOML's.
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
