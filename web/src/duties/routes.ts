import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

/** Who looks after what units lack (article 7), and the units themselves. */
const READERS: readonly Role[] = ['team_lead', 'supervisor', 'analyst', 'leader', 'auditor', 'unit_head', 'unit_handler'];

export const routes: RouteRecordRaw[] = [{ path: '/duties', component: () => import('./DutiesPage.vue'), meta: { title: 'app.page.duties', roles: READERS, nav: 29 } }];
