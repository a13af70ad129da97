import { ElMessage } from 'element-plus/es/components/message/index';

import { Refused } from '../api/client';
import { i18n } from './i18n';

/** What nobody caught, told to the person at the desk. Refusals speak for themselves. */
export function showTrouble(trouble: unknown): void {
  const refused = trouble instanceof Refused;
  if (refused && trouble.problem.status === 401) return;
  const message = refused ? trouble.message : i18n.global.t('app.trouble', { what: wordsOf(trouble) });
  ElMessage({ type: refused ? 'warning' : 'error', message, showClose: true, duration: 6000, grouping: true });
}

export function showDone(message: string): void {
  ElMessage({ type: 'success', message, duration: 2500 });
}

function wordsOf(trouble: unknown): string {
  return trouble instanceof Error ? trouble.message : String(trouble);
}
