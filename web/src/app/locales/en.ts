import { gather } from './gather';

/** Each feature's messages lie beside its pages; its folder is their first key. */
export default gather(import.meta.glob<Record<string, unknown>>('/src/*/en.json', { eager: true, import: 'default' }));
