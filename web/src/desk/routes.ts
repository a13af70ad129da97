import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/desk',
    component: () => import('./DeskPage.vue'),
    meta: { title: 'desk.title', roles: ['agent', 'team_lead', 'supervisor'], nav: 10 },
  },
  {
    path: '/desk/register',
    component: () => import('./RegisterPage.vue'),
    meta: { title: 'desk.register.title', roles: ['agent', 'team_lead', 'supervisor'], nav: 11 },
  },
];
