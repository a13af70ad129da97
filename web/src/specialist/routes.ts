import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/specialist',
    component: () => import('./SpecialistPage.vue'),
    meta: { title: 'specialist.title', roles: ['specialist'], nav: 10 },
  },
];
