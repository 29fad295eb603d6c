import { unavailable } from '../tools/errors.js';
import type { KeyManagementService } from './key-management-service.js';

const TIMEOUT_MS = 5_000;

/** Where Vault is, and what of it is used. */
export interface VaultSettings {
  /** URL without a path. */
  readonly address: string;
  /** Name of the key in the transit engine, which is mounted at `transit`. */
  readonly key: string;
  readonly token: string;
  readonly namespace?: string | undefined;
}

/** Reasons for statuses, in the words of the settings; Vault's own words could quote what was sent. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'does not accept the value: it may be encrypted with another key than the one in VAULT_TRANSIT_KEY',
  403: 'refuses VAULT_TOKEN for the key in VAULT_TRANSIT_KEY',
  404: 'has no transit engine, or not the key in VAULT_TRANSIT_KEY',
  503: 'is sealed or in maintenance',
};

/** Encrypts master keys with HashiCorp Vault's transit engine. */
export class VaultTransit implements KeyManagementService {
  constructor(private readonly settings: VaultSettings) {}

  async encrypt(bytes: Buffer): Promise<string> {
    return this.call('encrypt', { plaintext: bytes.toString('base64') }, 'ciphertext');
  }

  async decrypt(value: string): Promise<Buffer> {
    return Buffer.from(await this.call('decrypt', { ciphertext: value }, 'plaintext'), 'base64');
  }

  private async call(action: string, body: object, result: string): Promise<string> {
    const { address, key } = this.settings;
    const url = `${address.replace(/\/+$/, '')}/v1/transit/${action}/${encodeURIComponent(key)}`;
    const { status, text } = await this.post(url, JSON.stringify(body));
    if (status !== 200) throw unavailable(`Vault ${REASONS[status] ?? `answers with status ${status}`}`);
    const value = resultIn(text, result);
    if (value === undefined) throw unavailable('what answers at VAULT_ADDR is not Vault');
    return value;
  }

  private async post(url: string, body: string): Promise<{ status: number; text: string }> {
    const { token, namespace } = this.settings;
    const headers = {
      'content-type': 'application/json',
      'x-vault-token': token,
      'x-vault-request': 'true',
      ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
    };
    try {
      // Redirected, the token could get to another host.
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      // Without the error itself: it may quote a header.
      throw unavailable(`Vault does not answer at VAULT_ADDR (${reasonOf(error)})`);
    }
  }
}

function resultIn(text: string, name: string): string | undefined {
  try {
    const { data } = JSON.parse(text) as { data: Readonly<Record<string, unknown>> };
    const value = data[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  return name === 'TimeoutError' ? 'timeout' : (cause?.code ?? 'the request failed');
}
