/** The two things that a phone of ours wants otherwise than a browser offers them. */

/** RTP's fixed numbers of A-law and µ-law (RFC 3551 §6). */
const G711 = ['8', '0'];

/**
 * Puts G.711 first in an offer: what the hotline's other side speaks already is bridged without being decoded.
 */
export function preferG711(sdp: string): string {
  return sdp.replace(/^(m=audio \S+ \S+) (.*)$/m, (line, head: string, list: string) => {
    const formats = list.trim().split(' ');
    const first = G711.filter((format) => formats.includes(format));
    if (first.length === 0) return line;
    return [head, ...first, ...formats.filter((format) => !first.includes(format))].join(' ');
  });
}

/**
 * Whether a candidate is enough to be reached by: the server's own address is all there is on its side, so gathering more would
 * only delay the answer.
 */
export function isEnough(candidate: { type: string | null; protocol: string | null }): boolean {
  return candidate.type === 'host' && candidate.protocol !== 'tcp';
}
