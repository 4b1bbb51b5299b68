import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = `127.0.0.1:${process.env['OPSCONDUCTOR_PORT'] ?? '7070'}`

export default defineConfig({
  plugins: [react()],
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
