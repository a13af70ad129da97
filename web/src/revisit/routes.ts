import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/revisit',
    component: () => import('./RevisitPage.vue'),
    meta: { title: 'revisit.title', roles: ['revisitor', 'team_lead'], nav: 16 },
  },
];
