import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/desk',
    component: () => import('./DeskPage.vue'),
    meta: { title: 'desk.title', roles: ['agent', 'team_lead', 'supervisor'], nav: 10 },
  },
];
