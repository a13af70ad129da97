import type { RouteRecordRaw } from 'vue-router';

const UnitPage = () => import('./UnitPage.vue');

export const routes: RouteRecordRaw[] = [
  { path: '/unit', component: UnitPage, meta: { title: 'app.page.unit', roles: ['unit_handler', 'unit_head'], nav: 5 } },
  { path: '/unit/:id', component: UnitPage, meta: { title: 'app.page.unit', roles: ['unit_handler', 'unit_head'] } },
];
