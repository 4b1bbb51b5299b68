import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const server = `127.0.0.1:${process.env['OPSCONDUCTOR_PORT'] ?? '7070'}`

/** Leaves a compressed copy beside each script and stylesheet: the server sends that one, and never compresses itself. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  writeBundle: ({ dir = '' }, bundle) => {
    for (const name of Object.keys(bundle).filter((file) => /\.(js|css|svg)$/.test(file))) {
      writeFileSync(join(dir, `${name}.gz`), gzipSync(readFileSync(join(dir, name)), { level: 9 }))
    }
  },
}

export default defineConfig({
  plugins: [react(), compressed],
  // the server puts a fresh nonce in place of this word in every answer that carries index.html
  html: { cspNonce: '__CSP_NONCE__' },
  build: {
    // without current browsers here Vite rewrites light-dark() into something that Mantine's scheme does not switch
    cssTarget: ['chrome125', 'firefox128', 'safari18'],
    // assets as data: URLs would need img-src and font-src data: in the policy
    assetsInlineLimit: 0,
    sourcemap: true,
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: {
      '/api': { target: `http://${server}`, ws: true },
      '/docs': { target: `http://${server}` },
      '/ready': { target: `http://${server}` },
    },
  },
})
