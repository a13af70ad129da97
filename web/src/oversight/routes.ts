import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const CASE_READERS: readonly Role[] = ['team_lead', 'supervisor', 'reviewer', 'unit_handler', 'unit_head', 'auditor'];
/** What rules find is about units, and not for them. */
const WATCHED: readonly Role[] = ['team_lead', 'supervisor', 'reviewer', 'auditor'];
const OversightPage = () => import('./OversightPage.vue');

export const routes: RouteRecordRaw[] = [
  { path: '/oversight', component: OversightPage, meta: { title: 'app.page.oversight', roles: CASE_READERS, nav: 22 } },
  { path: '/oversight/findings', component: () => import('./FindingsPage.vue'), meta: { title: 'app.page.findings', roles: WATCHED } },
  { path: '/oversight/:id', component: OversightPage, meta: { title: 'app.page.oversight', roles: CASE_READERS } },
];
