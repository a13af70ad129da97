import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const ReviewPage = () => import('./ReviewPage.vue');
const DispatchPage = () => import('./DispatchPage.vue');
const LEADS: readonly Role[] = ['team_lead', 'supervisor'];

export const routes: RouteRecordRaw[] = [
  { path: '/review', component: ReviewPage, meta: { title: 'app.page.review', roles: ['reviewer'], nav: 5 } },
  { path: '/review/:id', component: ReviewPage, meta: { title: 'app.page.review', roles: ['reviewer'] } },
  { path: '/dispatch', component: DispatchPage, meta: { title: 'app.page.dispatch', roles: LEADS, nav: 15 } },
  { path: '/dispatch/:id', component: DispatchPage, meta: { title: 'app.page.dispatch', roles: LEADS } },
];
