// Tickets as a desk makes them, through the API, for stories that begin later in their lives.
import { signIn } from './hotline.js';

export const UNIT = 'nj-cgj';

export const DEMAND = {
  title: '小区门口路灯不亮',
  content: '中山路 12 号门前路灯连续三天不亮，夜间出行不便，请尽快修复。',
  kind: 'help_request',
  petitioner: { name: '王女士', phone: '13851234567', applicant: 'person' },
  address: '南京市玄武区中山路 12 号',
};

/** People who act by themselves on a ticket, without a page. */
export function deskOf(http) {
  // Signed in each time: half an hour may have gone by since the last.
  const act = async (username, id, command, body = {}) => {
    const api = await signIn(http, username);
    return api('POST', `/api/v1/tickets/${id}/commands/${command}`, body);
  };
  const steps = {
    dispatch: (id) => act('team_lead', id, 'dispatch', { lead: UNIT, basis: '市政照明设施养护' }),
    acknowledge: (id) => act('unit_handler', id, 'acknowledge'),
    reply: (id) => act('unit_handler', id, 'reply', { text: '经核查，6 月 9 日城管局李强已更换接头并恢复照明。', no_contact_reason: '三方通话中已与诉求人沟通。' }),
    review: (id) => act('reviewer', id, 'review', { outcome: 'passed' }),
  };
  return {
    act,
    /** A ticket that has these steps behind it. */
    async ticket(demand = {}, ...behind) {
      const api = await signIn(http, 'team_lead');
      const made = await api('POST', '/api/v1/tickets', { ...DEMAND, ...demand });
      for (const step of behind) await steps[step](made.id);
      return api('GET', `/api/v1/tickets/${made.id}`);
    },
  };
}
