// Chromium as a person uses it, with ears to measure what it hears.
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PASSWORD, ROOT } from './hotline.js';
import { tone, writeWav } from './sound.js';

// The tools belong to the pages.
const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const AXE_SOURCE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns,Translate,OptimizationHints,MediaRouter',
  // Tabs in the background are phones too.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** What this browser's microphone says: a tone of its own, by which the others know it. */
export const AGENT_HZ = 1000;
export const DESK_SIZE = { width: 1440, height: 900 };

/** A browser of one person. */
export async function openBrowser({ hz = AGENT_HZ, size = DESK_SIZE } = {}) {
  const voice = join(tmpdir(), `hotline-voice-${process.pid}-${hz}.wav`);
  writeWav(voice, tone(hz, 4, 48_000), 48_000);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS, `--use-file-for-fake-audio-capture=${voice}`],
  });
  const faults = [];
  const context = await seat(browser, faults, size);
  return {
    browser,
    context,
    faults,
    /** A seat of another person at this browser: nothing is shared but the microphone. */
    anotherSeat: () => seat(browser, faults, size),
    close: () => browser.close(),
  };
}

/** A browser whose profile stays in `folder`, as at a desk, and that can die as programs do. */
export async function openBrowserAt(folder) {
  const context = await chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, args: FLAGS, ...asAt(DESK_SIZE) });
  await context.addInitScript(ears);
  return {
    context,
    close: () => context.close(),
    async die() {
      const gone = new Promise((done) => context.once('close', done));
      process.kill(mainProcessOf(folder), 'SIGKILL');
      await gone;
    },
  };
}

/** Of the processes with this profile the one that is nobody's child process: only those have a type. */
function mainProcessOf(folder) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let words = '';
    try {
      words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      continue; // Gone meanwhile.
    }
    if (words.includes(`--user-data-dir=${folder}`) && !words.includes('--type=')) return Number(pid);
  }
  throw new Error(`no browser has its profile in ${folder}`);
}

async function seat(browser, faults, size) {
  const context = await browser.newContext(asAt(size));
  await context.addInitScript(ears);
  noteFaults(context, faults);
  return context;
}

const asAt = (size) => ({ viewport: size, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce' });

function noteFaults(context, faults) {
  context.on('page', (page) => {
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      // A component that broke, or a policy that stops something of ours, speaks up here; so does every answer that is no, and
      // a wire that was cut, which are no faults.
      if (message.type() === 'error' && !/Failed to load resource|WebSocket|ERR_/.test(message.text())) faults.push(message.text());
    });
  });
}

/** Runs in every page before its own scripts: keeps the peer connections, and leaves the microphone's tone as it is. */
function ears() {
  window.peers = [];
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      window.peers.push(this);
    }
  };
  const getUserMedia = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (getUserMedia) {
    // Noise suppression takes a steady tone for noise, which it is.
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    navigator.mediaDevices.getUserMedia = () => getUserMedia({ audio: plain });
  }
  /** How loud each of `tones` is in what the call, or another element, plays, in dB, over `ms`. */
  window.hear = async (tones, ms = 1000, of = '#phone-sound') => {
    const audio = document.querySelector(of);
    const context = (window.earsContext ??= new AudioContext());
    await context.resume();
    const levels = Object.fromEntries(tones.map((hz) => [hz, -Infinity]));
    const stream = audio?.srcObject ?? (audio?.src ? audio.captureStream() : null);
    if (!stream?.getAudioTracks().length) return levels;
    const source = context.createMediaStreamSource(stream);
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0;
    source.connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    const width = context.sampleRate / analyser.fftSize;
    for (const end = performance.now() + ms; performance.now() < end; ) {
      await new Promise((done) => setTimeout(done, 60));
      analyser.getFloatFrequencyData(bins);
      for (const hz of tones) {
        const at = Math.round(hz / width);
        levels[hz] = Math.max(levels[hz], ...bins.subarray(at - 2, at + 3));
      }
    }
    source.disconnect();
    return levels;
  };
}

/** Louder than this is heard, quieter than {@link SILENT_DB} is not; between them nothing is proved. */
export const HEARD_DB = -45;
export const SILENT_DB = -65;

export async function hears(page, tones, ms, of) {
  return page.evaluate(([tones, ms, of]) => window.hear(tones, ms, of), [tones, ms, of]);
}

export async function logIn(context, http, username, path = '/') {
  const page = await context.newPage();
  await page.goto(`${http}/login`);
  await page.locator('#username').fill(username);
  await page.locator('#password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
  if (path !== '/') await page.goto(http + path);
  return page;
}

/** Somebody's page at `path`: they come to work, or still sit there. `pages` has those who sit, by username. */
export async function seatOf(pages, browser, http, username, path) {
  const page = pages.get(username);
  if (page === undefined) pages.set(username, await logIn(await browser.anotherSeat(), http, username, path));
  else await page.goto(http + path);
  return pages.get(username);
}

/** Waits until the badge in the top bar says so. */
export async function waitForState(page, state, timeout = 15_000) {
  await page.locator(`[data-testid="agent-state"][data-state="${state}"]`).waitFor({ timeout });
}

/** Critical and serious faults that axe-core finds (WCAG 2.1 AA). */
export async function axeFaults(page, { colours = true } = {}) {
  // Evaluated: the policy forbids script tags that are not ours.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE_SOURCE);
  // A colour that is on its way from disabled to enabled is nobody's colour.
  await page.evaluate(() => {
    const passing = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
    return Promise.all(passing.map((one) => one.finished.catch(() => undefined)));
  });
  const result = await page.evaluate(
    (enabled) =>
      window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'], rules: { 'color-contrast': { enabled } } }),
    colours,
  );
  return result.violations
    .filter(({ impact }) => impact === 'critical' || impact === 'serious')
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1] ?? ''}`));
}

/** A picture for the README; only when asked for, since two machines never draw the same. */
export async function picture(page, name) {
  const folder = process.env.HOTLINE_PICTURES ?? join(tmpdir(), 'hotline-pictures');
  mkdirSync(folder, { recursive: true });
  // Nothing under the pointer.
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

export { ROOT };
