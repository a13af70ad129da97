// G.711 A-law (ITU-T G.711), WAV files, and how loud something is.
import { readFileSync, writeFileSync } from 'node:fs';

export function pcmOfALaw(byte) {
  const value = byte ^ 0x55;
  const exponent = (value >> 4) & 7;
  const mantissa = value & 15;
  const magnitude = exponent === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (exponent - 1);
  return value & 0x80 ? magnitude : -magnitude;
}

/** The nearest of 256, by a table of all: slow to make, quick to ask. */
const TABLE = new Uint8Array(65536);
{
  const levels = Array.from({ length: 256 }, (_, byte) => [pcmOfALaw(byte), byte]).sort(([a], [b]) => a - b);
  let at = 0;
  for (let sample = -32768; sample < 32768; sample++) {
    while (at + 1 < 256 && Math.abs(levels[at + 1][0] - sample) <= Math.abs(levels[at][0] - sample)) at++;
    TABLE[sample + 32768] = levels[at][1];
  }
}

export function aLawOf(sample) {
  return TABLE[Math.max(-32768, Math.min(32767, Math.round(sample))) + 32768];
}

/** Samples of a 16-bit mono WAV file. */
export function readWav(path) {
  const bytes = readFileSync(path);
  const at = bytes.indexOf('data') + 8;
  return Int16Array.from({ length: (bytes.length - at) >> 1 }, (_, i) => bytes.readInt16LE(at + 2 * i));
}

export function writeWav(path, samples, rate = 8000) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length * 2, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length * 2, 40);
  writeFileSync(path, Buffer.concat([head, Buffer.from(Int16Array.from(samples).buffer)]));
}

/** A tone, to be told from all others. */
export function tone(hz, seconds, rate = 8000, loudness = 8000) {
  return Int16Array.from({ length: rate * seconds }, (_, i) => loudness * Math.sin((2 * Math.PI * hz * i) / rate));
}

/** Mean power in dB below full scale. */
export function energyOf(samples) {
  if (samples.length === 0) return -Infinity;
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return 10 * Math.log10(power / (32768 * 32768) + 1e-12);
}

/** Short enough that a lost packet spoils one window, long enough to tell our tones apart. */
const WINDOW = 320;

/** How much of the sound is this tone, 0 to 1 (Goertzel, window by window). */
export function shareOf(hz, samples, rate = 8000) {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / rate);
  let [of_tone, total] = [0, 0];
  for (let at = 0; at + WINDOW <= samples.length; at += WINDOW) {
    let [one, two] = [0, 0];
    for (const sample of samples.slice(at, at + WINDOW)) {
      [one, two] = [sample + factor * one - two, one];
      total += sample * sample;
    }
    of_tone += (2 * (one * one + two * two - factor * one * two)) / WINDOW;
  }
  return total === 0 ? 0 : of_tone / total;
}
