import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/call',
    component: () => import('./CallPage.vue'),
    meta: { title: 'citizen.call.title', bare: true },
  },
];
