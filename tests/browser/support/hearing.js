import { shareOf } from './sound.js';
import { until } from './until.js';

/** Of what is heard, nearly all is this tone: a machine under load loses a packet now and then. */
const NEARLY_ALL = 0.75;

/** Enough of it to be one voice of three. */
const A_VOICE = 0.15;

/** Waits until a telephone hears this tone and little else. */
export function hearsOnly(phone, hz) {
  return hearsSome(phone, hz, NEARLY_ALL);
}

/** Waits until this tone is among what a telephone hears. */
export async function hearsSome(phone, hz, enough = A_VOICE) {
  let share = 0;
  await until(
    async () => {
      await phone.listen(500);
      share = shareOf(hz, phone.heard.flat());
      return share > enough;
    },
    () => `${hz} Hz is ${share.toFixed(2)} of what is heard`,
  );
}
