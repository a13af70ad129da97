import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import vue from '@vitejs/plugin-vue';
import components from 'unplugin-vue-components/vite';
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Where the server stands while the pages are being worked on. */
const SERVER = process.env['HOTLINE_SERVER'] ?? 'http://127.0.0.1:8080';

/** build.rs embeds what lies here. The folder above it stands always, so that cargo can watch it. */
const BUILT = 'dist/pages';

/** Compresses once, here, what the server would otherwise compress for each of its readers. */
function compressed(): Plugin {
  let built = BUILT;
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) {
      built = config.build.outDir;
    },
    closeBundle() {
      for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !/\.(html|js|css|svg|json)$/.test(entry.name)) continue;
        const bytes = readFileSync(path);
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: quality }));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [
    vue(),
    components({
      dirs: [],
      // Their types come from element-plus/global.
      dts: false,
      resolvers: [ElementPlusResolver({ importStyle: 'css' })],
    }),
    compressed(),
  ],
  define: {
    __VUE_OPTIONS_API__: true,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: BUILT,
    target: 'es2022',
    // What each page needs: scripts/budget.js reads it.
    manifest: true,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    proxy: {
      // The server lets phones in from pages of its own host only, so it must see the host that was asked.
      '/api': { target: SERVER, changeOrigin: false },
      '/sip': { target: SERVER, changeOrigin: false, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    server: { deps: { inline: ['element-plus'] } },
  },
});
