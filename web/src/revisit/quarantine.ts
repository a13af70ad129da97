/** What a gateway told that nobody could match: the server keeps it as it came. */
import type { Schemas } from '../api/client';

type Kept = Schemas['QuarantinedView'];

/** What was written, or what a receipt says; of what cannot be read, the whole of it. */
export function textOf(kept: Kept): string {
  const { text, message_id, status, callback } = kept.content as Record<string, unknown>;
  if (typeof text === 'string') return text;
  if (typeof message_id === 'string') return `${message_id} ${String(status ?? '')}`;
  return typeof callback === 'string' ? callback : JSON.stringify(kept.content);
}

/** The sender's number, as the gateway wrote it; empty where there is none. */
export function fromOf(kept: Kept): string {
  const { from } = kept.content as Record<string, unknown>;
  return typeof from === 'string' ? from : '';
}
