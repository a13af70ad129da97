import assert from 'node:assert/strict';

/** Waits until something holds; fails with `what` when it does not in time. */
export async function until(holds, what, timeout_ms = 8000) {
  for (const end = Date.now() + timeout_ms; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`not in time: ${what()}`);
}
