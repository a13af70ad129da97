import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  { path: '/admin', component: () => import('./AdminPage.vue'), meta: { title: 'app.page.admin', roles: ['admin'], nav: 90 } },
  { path: '/audit', component: () => import('./AuditPage.vue'), meta: { title: 'app.page.audit', roles: ['auditor'], nav: 5 } },
];
