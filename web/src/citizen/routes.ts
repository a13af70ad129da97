import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/call',
    component: () => import('./CallPage.vue'),
    meta: { title: 'app.page.call', words: ['phone'], bare: true },
  },
  {
    path: '/query',
    component: () => import('./QueryPage.vue'),
    meta: { title: 'app.page.query', words: ['tickets'], bare: true },
  },
];
