import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/call',
    component: () => import('./CallPage.vue'),
    meta: { title: 'citizen.call.title', bare: true },
  },
  {
    path: '/query',
    component: () => import('./QueryPage.vue'),
    meta: { title: 'citizen.query.title', bare: true },
  },
];
