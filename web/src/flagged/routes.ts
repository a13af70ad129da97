import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const KEEPERS: readonly Role[] = ['team_lead', 'supervisor', 'auditor'];

export const routes: RouteRecordRaw[] = [{ path: '/flagged', component: () => import('./FlaggedPage.vue'), meta: { title: 'app.page.flagged', roles: KEEPERS, nav: 19 } }];
