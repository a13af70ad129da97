import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const READERS: readonly Role[] = ['team_lead', 'supervisor', 'analyst', 'leader'];

export const routes: RouteRecordRaw[] = [{ path: '/statistics', component: () => import('./StatisticsPage.vue'), meta: { title: 'app.page.statistics', roles: READERS, nav: 13 } }];
