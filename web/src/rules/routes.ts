import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const READERS: readonly Role[] = ['admin', 'team_lead', 'supervisor', 'reviewer', 'auditor'];

export const routes: RouteRecordRaw[] = [{ path: '/rules', component: () => import('./RulesPage.vue'), meta: { title: 'rules.title', roles: READERS, nav: 28 } }];
