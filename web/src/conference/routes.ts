import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const READERS: readonly Role[] = ['team_lead', 'supervisor', 'reviewer', 'analyst', 'leader', 'auditor'];

export const routes: RouteRecordRaw[] = [{ path: '/conference', component: () => import('./ConferencePage.vue'), meta: { title: 'app.page.conference', roles: READERS, nav: 25 } }];
