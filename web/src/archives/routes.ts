import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const KEEPERS: readonly Role[] = ['supervisor', 'auditor'];

export const routes: RouteRecordRaw[] = [{ path: '/archives', component: () => import('./ArchivesPage.vue'), meta: { title: 'app.page.archives', words: ['clusters'], roles: KEEPERS, nav: 27 } }];
