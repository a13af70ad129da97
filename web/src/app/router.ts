import { createRouter, createWebHistory, type RouteMeta, type RouteRecordRaw } from 'vue-router';

import { learn } from './i18n';
import { HOMES, type Role } from './roles';
import { useSession } from './session';

declare module 'vue-router' {
  interface RouteMeta {
    /** Message key of the page's name. */
    title: string;
    /** Whose page it is; without it, anybody's, signed in or not. */
    roles?: readonly Role[];
    /** Its place in the navigation, smallest first; without it, it has none. */
    nav?: number;
    /** Whose words it says, by folder, besides its own feature's. */
    words?: readonly string[];
    /** Fills the window: no top bar. */
    bare?: boolean;
  }
}

/** Each feature brings its own pages in a `routes.ts`. */
const features = import.meta.glob<{ routes: RouteRecordRaw[] }>('../*/routes.ts', { eager: true });

export const routes: RouteRecordRaw[] = [
  {
    path: '/login',
    component: () => import('./LoginPage.vue'),
    meta: { title: 'app.login.title', bare: true },
  },
  ...Object.entries(features).flatMap(([path, feature]) => feature.routes.map((route) => speaking(path.split('/')[1] ?? '', route))),
  {
    path: '/:path(.*)*',
    component: () => import('./MissingPage.vue'),
    meta: { title: 'app.missing.title' },
  },
];

/** A page says its own feature's words; one for people who signed in, those of tickets as well. */
function speaking(folder: string, route: RouteRecordRaw): RouteRecordRaw {
  const meta = route.meta as RouteMeta;
  return { ...route, meta: { ...meta, words: [folder, ...(meta.roles === undefined ? [] : ['tickets']), ...(meta.words ?? [])] } };
}

/** Where `role` begins. */
export function homeOf(role: Role): string {
  const exists = (path: string) => routes.some((route) => route.path === path);
  return HOMES[role].find(exists) ?? '/missing';
}

export const router = createRouter({ history: createWebHistory(), routes });

router.beforeEach(async (to) => {
  const session = useSession();
  const { roles } = to.meta;
  if (to.path !== '/' && roles === undefined && to.path !== '/login') return true;
  await session.restore();
  if (to.path === '/login') return session.user === null || homeOf(session.user.role);
  if (session.user === null) return { path: '/login', query: { next: to.fullPath } };
  if (to.path === '/') return homeOf(session.user.role);
  return roles?.includes(session.user.role) === false ? homeOf(session.user.role) : true;
});

// Its words come while the page does; it is not shown before both are there.
router.beforeEach((to) => {
  learn(to.meta.words ?? []).catch(() => undefined);
  return true;
});
router.beforeResolve(async (to) => {
  await learn(to.meta.words ?? []);
});
