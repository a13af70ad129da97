// Pictures made small: a screenshot's colours are few, so a palette of 256 keeps what the eye sees at a third of the bytes.
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const MARK = Buffer.from('89504e470d0a1a0a', 'hex');
const COLOURS = 256;

/** A picture of Chromium (8-bit RGB or RGBA, not interlaced) as an indexed one. */
export function withPalette(png) {
  const { width, height, pixels } = decode(png);
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const { palette, place } = paletteOf(counts);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = place.get(pixels[y * width + x]);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([MARK, part('IHDR', head), part('PLTE', colours), part('IDAT', deflateSync(rows, { level: 9 })), part('IEND', Buffer.alloc(0))]);
}

function part(name, bytes) {
  const told = Buffer.concat([Buffer.from(name, 'latin1'), bytes]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(bytes.length);
  sum.writeUInt32BE(crc32(told));
  return Buffer.concat([length, told, sum]);
}

function decode(png) {
  if (!png.subarray(0, 8).equals(MARK)) throw new Error('not a PNG');
  let head;
  const data = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const bytes = png.subarray(at + 8, at + 8 + length);
    const name = png.toString('latin1', at + 4, at + 8);
    if (name === 'IHDR') head = bytes;
    if (name === 'IDAT') data.push(bytes);
    at += length + 12;
  }
  const [width, height, depth, kind, , , interlaced] = [head.readUInt32BE(0), head.readUInt32BE(4), ...head.subarray(8)];
  if (depth !== 8 || (kind !== 2 && kind !== 6) || interlaced) throw new Error('not a picture of Chromium');
  const step = kind === 2 ? 3 : 4;
  const raw = inflateSync(Buffer.concat(data));
  const line = width * step;
  const pixels = new Uint32Array(width * height);
  let before = Buffer.alloc(line);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (line + 1)];
    const now = raw.subarray(y * (line + 1) + 1, (y + 1) * (line + 1));
    for (let i = 0; i < line; i += 1) {
      const [left, up, corner] = [i < step ? 0 : now[i - step], before[i], i < step ? 0 : before[i - step]];
      now[i] += [0, left, up, (left + up) >> 1, filter === 4 ? paeth(left, up, corner) : 0][filter];
    }
    for (let x = 0; x < width; x += 1) pixels[y * width + x] = (now[x * step] << 16) | (now[x * step + 1] << 8) | now[x * step + 2];
    before = now;
  }
  return { width, height, pixels };
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Median cut (Heckbert 1982): the box of colours that is widest, weighed by how much there is of it, is cut in two. */
function paletteOf(counts) {
  const channels = [16, 8, 0];
  const box = (colours) => {
    const spans = channels.map((shift) => {
      let [low, high] = [255, 0];
      for (const [colour] of colours) {
        const value = (colour >> shift) & 255;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      return high - low;
    });
    const widest = spans.indexOf(Math.max(...spans));
    const weight = colours.reduce((sum, [, count]) => sum + count, 0);
    return { colours, shift: channels[widest], need: spans[widest] * Math.sqrt(weight) };
  };
  const boxes = [box([...counts])];
  while (boxes.length < COLOURS) {
    boxes.sort((a, b) => b.need - a.need);
    if (boxes[0].need === 0) break;
    const { colours, shift } = boxes.shift();
    colours.sort(([a], [b]) => ((a >> shift) & 255) - ((b >> shift) & 255));
    const half = colours.reduce((sum, [, count]) => sum + count, 0) / 2;
    let [cut, seen] = [0, 0];
    while (cut < colours.length - 1 && seen + colours[cut][1] <= half) seen += colours[cut++][1];
    cut = Math.max(1, cut);
    boxes.push(box(colours.slice(0, cut)), box(colours.slice(cut)));
  }
  const palette = [];
  const place = new Map();
  for (const { colours } of boxes) {
    // The commonest of a box stands for it: page, card and ink stay exactly what they are.
    const [common] = colours.reduce((most, one) => (one[1] > most[1] ? one : most));
    for (const [colour] of colours) place.set(colour, palette.length);
    palette.push(common);
  }
  return { palette, place };
}
