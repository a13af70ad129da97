import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/specialist',
    component: () => import('./SpecialistPage.vue'),
    meta: { title: 'app.page.specialist', roles: ['specialist'], nav: 10 },
  },
];
