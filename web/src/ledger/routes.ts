import type { RouteRecordRaw } from 'vue-router';

import type { Role } from '../app/roles';

const LEDGER: readonly Role[] = ['supervisor', 'auditor'];

export const routes: RouteRecordRaw[] = [{ path: '/accountability', component: () => import('./LedgerPage.vue'), meta: { title: 'app.page.ledger', words: ['oversight'], roles: LEDGER, nav: 23 } }];
