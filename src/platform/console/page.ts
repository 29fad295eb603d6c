import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { RequestHandler } from 'express';
import { sendMethodNotAllowed } from '../http/resources/problem.js';

const PAGE = new URL('./page/', import.meta.url);
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Modules of packages that the page imports, by the name that it imports them by. */
const PACKAGES = ['preact', 'preact/hooks', 'preact/jsx-runtime'] as const;

interface File {
  readonly content: Buffer;
  readonly type: string;
}

/** Returns a handler for the files of the page. They are read once. */
export function pageFiles(): RequestHandler {
  const files = new Map<string, File>();
  for (const name of readdirSync(PAGE)) {
    const type = MEDIA_TYPES[path.extname(name)];
    if (type !== undefined) files.set(`/${name}`, { content: readFileSync(new URL(name, PAGE)), type });
  }
  const require = createRequire(import.meta.url);
  for (const name of PACKAGES) {
    const content = readFileSync(require.resolve(name));
    files.set(`/modules/${name}.js`, { content, type: String(MEDIA_TYPES['.js']) });
  }
  const importMap = JSON.stringify({
    imports: Object.fromEntries(PACKAGES.map((name) => [name, `./modules/${name}.js`])),
  });
  const html = String(files.get('/index.html')?.content).replace('{{import map}}', () => importMap);
  files.set('/', { content: Buffer.from(html), type: String(MEDIA_TYPES['.html']) });
  files.delete('/index.html');
  const [, inlineScript = ''] = /<script type="importmap">(.*?)<\/script>/s.exec(html) ?? [];
  const policy = policyFor(inlineScript);

  return (request, response, next) => {
    // Relative addresses of the page need the slash.
    const [asked = ''] = request.originalUrl.split('?');
    const file = files.get(request.path);
    if (request.path === '/' && !asked.endsWith('/')) {
      response.redirect(308, `${asked.split('/').at(-1)}/`);
      return;
    }
    if (!file) {
      next();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendMethodNotAllowed(request, response, ['GET', 'HEAD']);
      return;
    }
    response.set({
      'Content-Type': file.type,
      'Content-Security-Policy': policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : file.content);
  };
}

/** Nothing but the page's own files: no request to anywhere else, and no script that somebody has put into data. */
function policyFor(inlineScript: string): string {
  const hash = createHash('sha256').update(inlineScript).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${hash}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
