import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const READERS: readonly Role[] = ['agent', 'team_lead', 'supervisor', 'auditor', 'unit_handler', 'unit_head'];

export const routes: RouteRecordRaw[] = [{ path: '/duty', component: () => import('./DutyPage.vue'), meta: { title: 'app.page.duty', roles: READERS, nav: 26 } }];
