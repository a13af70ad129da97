import { onScopeDispose, ref, type Ref } from 'vue';

import { serverNow } from '../api/clock';

/** The server's time, once a second for as long as the component stands. */
export function useNow(): Ref<number> {
  const now = ref(serverNow());
  const timer = setInterval(() => (now.value = serverNow()), 1000);
  onScopeDispose(() => clearInterval(timer));
  return now;
}

/** `1:05`, `2:00:09`; never below zero. */
export function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `11-28 14:05` in Beijing time, whatever the desk's own zone: deadlines are counted there. */
export function dayAndTime(at: string): string {
  return DAY_AND_TIME.format(new Date(at)).replace('/', '-').replace(/\s+/, ' ');
}

/** `14:05:09` in Beijing time. */
export function timeOfDay(at: number): string {
  return TIME.format(at);
}

const TIME = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

const DAY_AND_TIME = new Intl.DateTimeFormat('zh-CN', {
  timeZone: 'Asia/Shanghai',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
});
