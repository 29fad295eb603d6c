import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { exportSPKI, importJWK, type CryptoKey } from 'jose';
import { eventually } from '../src/platform/testing/eventually.js';
import { call, get, post } from './support/http.js';
import { readEmbeddedLog } from './support/read-log.js';
import { customerInput } from './support/requests.js';
import { serve, type Settings, temporaryDirectory } from './support/run-process.js';
import { inSeconds, TokenIssuer } from '../src/platform/testing/token-issuer.js';

let issuer: TokenIssuer;

beforeEach(async () => {
  issuer = await TokenIssuer.start('RS256');
});

afterEach(() => issuer.stop());

it('lets in whom the issuer names, and says on the log and in the history who it was', async () => {
  const DATA_DIR = temporaryDirectory();
  const running = await serve({ DATA_DIR, ...issuer.settings, ACCESS_LOG_SAMPLE: '1' }).ready();
  const customers = `${running.url}/accounts/customers`;

  const refused = await post(customers, customerInput('Nobody'));
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="accounts-orders"']);
  const late = { authorization: `Bearer ${await issuer.sign({ scope: 'customers:write', exp: inSeconds(-60) })}` };
  expect((await post(customers, customerInput('Late'), late)).body.detail).toBe('the token has expired');
  const reader = await issuer.bearer('customers:read orders:read', 'reader');
  expect((await post(customers, customerInput('Reader'), reader)).status).toBe(403);

  const registered = await post(customers, customerInput('Known'), await issuer.bearer('customers:write', 'ann'));
  expect(registered.status).toBe(201);
  const id = String(registered.body.id);
  const erased = await call('DELETE', `${customers}/${id}`, { headers: await issuer.bearer('customers:write', 'bob') });
  expect(erased.status).toBe(204);
  const { body: history } = await eventually(async () => {
    const answer = await get(`${customers}/${id}/history`, reader);
    expect(answer.body.items).toHaveLength(2);
    return answer;
  });
  expect(history.items.map(({ actor }: { actor: string }) => actor)).toEqual(['ann', 'bob']);

  expect(await running.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(running.output).not.toContain('eyJ');
  const records = await readEmbeddedLog(DATA_DIR);
  const events = records.map(({ value }) => JSON.parse(String(value)) as { sequence: string; actor: string });
  // A sweep may have published one of them once more.
  expect(Object.fromEntries(events.map(({ sequence, actor }) => [sequence, actor]))).toEqual({ 1: 'ann', 2: 'bob' });
});

it('takes the issuer’s key from a file, and then asks nobody', async () => {
  const DATA_DIR = temporaryDirectory();
  const JWT_PUBLIC_KEY_FILE = join(DATA_DIR, 'issuer.pem');
  const [jwk] = issuer.published;
  writeFileSync(JWT_PUBLIC_KEY_FILE, await exportSPKI((await importJWK(jwk!, 'RS256')) as CryptoKey));
  const { JWT_JWKS_URL: _url, ...settings } = issuer.settings;
  const { url } = await serve({ DATA_DIR, ...settings, JWT_PUBLIC_KEY_FILE } satisfies Settings).ready();

  expect((await get(`${url}/orders`)).status).toBe(401);
  expect((await get(`${url}/orders`, await issuer.bearer('orders:read'))).status).toBe(200);
  await issuer.rotate();
  expect((await get(`${url}/orders`, await issuer.bearer('orders:read'))).status).toBe(401);
  expect(issuer.asked).toBe(0);
});
