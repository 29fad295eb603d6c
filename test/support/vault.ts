import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface VaultRequest {
  readonly path: string;
  readonly namespace: string | undefined;
}

/** Stands in for Vault: the HTTP API of its transit engine with one key, for one token. */
export interface Vault {
  readonly address: string;
  readonly requests: readonly VaultRequest[];
  /** Answers every request with this status; undefined: as Vault does. */
  status: number | undefined;
  close(): Promise<void>;
}

/** @param port 0 for any */
export async function startVault({ key, token }: { key: string; token: string }, port = 0): Promise<Vault> {
  const secret = randomBytes(32);
  const requests: VaultRequest[] = [];
  const vault = { status: undefined as number | undefined };
  const answer = async (request: IncomingMessage): Promise<{ status: number; body: object }> => {
    const path = request.url ?? '';
    requests.push({ path, namespace: request.headers['x-vault-namespace'] as string | undefined });
    const body = JSON.parse(await text(request)) as Readonly<Record<string, string>>;
    if (vault.status !== undefined) return { status: vault.status, body: { errors: [JSON.stringify(body)] } };
    if (request.headers['x-vault-token'] !== token) return { status: 403, body: { errors: ['permission denied'] } };
    if (request.method !== 'POST') return { status: 405, body: { errors: [] } };
    try {
      if (path === `/v1/transit/encrypt/${encodeURIComponent(key)}`)
        return data({ ciphertext: encrypt(secret, body.plaintext ?? '') });
      if (path === `/v1/transit/decrypt/${encodeURIComponent(key)}`)
        return data({ plaintext: decrypt(secret, body.ciphertext ?? '') });
    } catch {
      return { status: 400, body: { errors: [`invalid ciphertext: ${body.ciphertext}`] } };
    }
    return { status: 404, body: { errors: [] } };
  };
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return Object.assign(vault, {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

const data = (values: object) => ({ status: 200, body: { data: values } });

function encrypt(secret: Buffer, plaintext: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  const parts = [iv, cipher.update(plaintext, 'base64'), cipher.final(), cipher.getAuthTag()];
  return `vault:v1:${Buffer.concat(parts).toString('base64')}`;
}

function decrypt(secret: Buffer, ciphertext: string): string {
  const bytes = Buffer.from(ciphertext.replace('vault:v1:', ''), 'base64');
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('base64');
}
