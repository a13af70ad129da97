import type { RouteRecordRaw } from 'vue-router';

export const routes: RouteRecordRaw[] = [
  {
    path: '/desk',
    component: () => import('./DeskPage.vue'),
    meta: { title: 'app.page.desk', words: ['clusters', 'flagged', 'phone'], roles: ['agent', 'team_lead', 'supervisor'], nav: 10 },
  },
  {
    path: '/desk/register',
    component: () => import('./RegisterPage.vue'),
    meta: { title: 'app.page.register', words: ['clusters'], roles: ['agent', 'team_lead', 'supervisor'], nav: 11 },
  },
];
