import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const READERS: readonly Role[] = ['agent', 'team_lead', 'supervisor', 'reviewer', 'unit_handler', 'unit_head'];
const ClustersPage = () => import('./ClustersPage.vue');

export const routes: RouteRecordRaw[] = [
  { path: '/clusters', component: ClustersPage, meta: { title: 'app.page.clusters', roles: READERS, nav: 24 } },
  { path: '/clusters/:id', component: ClustersPage, meta: { title: 'app.page.clusters', roles: READERS } },
];
