import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const FLOOR: readonly Role[] = ['team_lead', 'supervisor', 'leader'];
const LISTENERS: readonly Role[] = ['team_lead', 'supervisor', 'reviewer'];
const RecordingsPage = () => import('./RecordingsPage.vue');

export const routes: RouteRecordRaw[] = [
  { path: '/supervisor', component: () => import('./WallboardPage.vue'), meta: { title: 'app.page.supervisor', roles: FLOOR, nav: 12 } },
  { path: '/supervisor/recordings', component: RecordingsPage, meta: { title: 'app.page.replay', roles: LISTENERS, nav: 18 } },
  { path: '/supervisor/recordings/:id', component: RecordingsPage, meta: { title: 'app.page.replay', roles: LISTENERS } },
];
