import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const READERS: readonly Role[] = ['admin', 'team_lead', 'supervisor', 'reviewer', 'auditor'];

/** Whoever sees a deadline may read what it rests on. */
const EVERYBODY: readonly Role[] = [...READERS, 'agent', 'specialist', 'revisitor', 'unit_handler', 'unit_head', 'analyst', 'leader'];

export const routes: RouteRecordRaw[] = [
  { path: '/rules', component: () => import('./RulesPage.vue'), meta: { title: 'app.page.rules', roles: READERS, nav: 28 } },
  { path: '/rules/articles', component: () => import('./ArticlesPage.vue'), meta: { title: 'app.page.articles', roles: EVERYBODY } },
];
