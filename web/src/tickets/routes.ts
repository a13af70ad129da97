import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const READERS: readonly Role[] = ['agent', 'specialist', 'team_lead', 'supervisor', 'reviewer', 'revisitor', 'unit_handler', 'unit_head', 'analyst', 'auditor'];

export const routes: RouteRecordRaw[] = [
  { path: '/tickets', component: () => import('./TicketsPage.vue'), meta: { title: 'app.page.tickets', roles: READERS, nav: 20 } },
  { path: '/tickets/:id', component: () => import('./TicketPage.vue'), meta: { title: 'app.page.tickets', roles: READERS } },
];
