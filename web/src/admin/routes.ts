import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  { path: '/admin', component: () => import('./AdminPage.vue'), meta: { title: 'admin.title', roles: ['admin'], nav: 90 } },
  { path: '/audit', component: () => import('./AuditPage.vue'), meta: { title: 'admin.audit', roles: ['auditor'], nav: 5 } },
];
