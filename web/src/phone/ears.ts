import type { Ears } from './softphone';

/** Two tones a second apart, as telephones here ring (450 Hz, 1 s on, 4 s off). */
const RING_HZ = 450;
const RING_ON_MS = 1000;
const RING_EVERY_MS = 5000;

/** An element for the other side's sound, and a bell. */
export function pageEars(): Ears {
  const audio = document.createElement('audio');
  audio.autoplay = true;
  audio.id = 'phone-sound';
  document.body.append(audio);
  const bell = new Bell();
  return {
    hear(stream) {
      audio.srcObject = stream;
      // Refused only where nobody has touched the page yet; answering touches it.
      if (stream !== null) audio.play().catch(() => undefined);
    },
    ring: (on) => (on ? bell.start() : bell.stop()),
  };
}

class Bell {
  private context: AudioContext | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  start(): void {
    this.stop();
    this.context ??= new AudioContext();
    this.strike();
    this.timer = setInterval(() => this.strike(), RING_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    void this.context?.suspend();
  }

  private strike(): void {
    const { context } = this;
    if (context === null) return;
    void context.resume();
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = RING_HZ;
    volume.gain.value = 0.15;
    tone.connect(volume).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + RING_ON_MS / 1000);
  }
}
