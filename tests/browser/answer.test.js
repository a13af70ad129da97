// How long it takes from the key to the citizen's first word in the agent's ear. The goal is 300 ms (p95) on an idle machine; a
// busy one fails nothing here short of what a person would call broken.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { logIn, openBrowser, waitForState } from './support/browser.js';
import { startHotline } from './support/hotline.js';
import { SipPhone } from './support/sip_phone.js';
import { tone } from './support/sound.js';

const CALLS = Number(process.env.HOTLINE_ANSWERS ?? 5);
const BROKEN_MS = 3000;

let hotline, agent, citizen;

before(async () => {
  hotline = await startHotline();
  agent = await openBrowser();
  citizen = await new SipPhone({ user: '13851234567', server: hotline.sip }).start();
  citizen.say(tone(600, 1));
});

after(async () => {
  citizen?.stop();
  await agent?.close();
  await hotline?.stop();
});

it('a citizen is heard soon after the key', { timeout: 180_000 }, async (test) => {
  const page = await logIn(agent.context, hotline.http, 'agent1000', '/desk');
  const took = [];
  for (let n = 0; n < CALLS; n++) {
    await waitForState(page, 'ready');
    const calling = citizen.call('12345');
    await page.locator('[data-testid="answer"]').waitFor();
    // The citizen speaks already; the queue's music is what they hear.
    await page.waitForTimeout(500);
    const heard = page.evaluate(firstSound);
    await page.keyboard.press('Alt+1');
    took.push(await heard);
    await calling;
    await citizen.hangUp();
    await waitForState(page, 'wrap_up');
    await page.keyboard.press('Alt+R');
  }
  took.sort((a, b) => a - b);
  const at = (share) => Math.round(took[Math.min(took.length - 1, Math.floor(share * took.length))]);
  test.diagnostic(`from key to sound over ${CALLS} calls: median ${at(0.5)} ms, p95 ${at(0.95)} ms, worst ${at(1)} ms`);
  assert.ok(at(1) < BROKEN_MS, `${at(1)} ms`);
});

/** In the page: milliseconds from the next key to sound. */
function firstSound() {
  return new Promise((done) => {
    const context = (window.earsContext ??= new AudioContext());
    void context.resume();
    window.addEventListener(
      'keydown',
      () => {
        const began = performance.now();
        let analyser = null;
        const samples = new Float32Array(256);
        const look = setInterval(() => {
          const stream = document.querySelector('#phone-sound')?.srcObject;
          if (!stream) return;
          if (analyser === null) {
            analyser = context.createAnalyser();
            analyser.fftSize = 256;
            context.createMediaStreamSource(stream).connect(analyser);
          }
          analyser.getFloatTimeDomainData(samples);
          if (samples.some((sample) => Math.abs(sample) > 0.01)) {
            clearInterval(look);
            done(performance.now() - began);
          }
        }, 4);
      },
      { once: true, capture: true },
    );
  });
}
