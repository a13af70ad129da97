import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const UnitPage = () => import('./UnitPage.vue');
const UNIT: readonly Role[] = ['unit_handler', 'unit_head'];

export const routes: RouteRecordRaw[] = [
  { path: '/unit', component: UnitPage, meta: { title: 'app.page.unit', roles: UNIT, nav: 5 } },
  { path: '/unit/notices', component: () => import('./NoticesPage.vue'), meta: { title: 'app.page.notices', roles: UNIT, nav: 6 } },
  { path: '/unit/:id', component: UnitPage, meta: { title: 'app.page.unit', roles: UNIT } },
];
