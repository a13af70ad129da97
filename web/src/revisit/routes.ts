import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/revisit',
    component: () => import('./RevisitPage.vue'),
    meta: { title: 'app.page.revisit', roles: ['revisitor', 'team_lead'], nav: 16 },
  },
  {
    path: '/revisit/messages',
    component: () => import('./QuarantinePage.vue'),
    meta: { title: 'app.page.messages', roles: ['revisitor', 'team_lead', 'supervisor'], nav: 17 },
  },
];
